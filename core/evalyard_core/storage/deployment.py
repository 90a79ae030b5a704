"""A MongoDB that Evalyard can use: reachable, version 6.0 or newer, a replica set with a primary."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.uri_parser import parse_uri

REPLICA_SET: Final = "rs0"

_MINIMUM_VERSION: Final = (6, 0)
_AUTHENTICATION_FAILED: Final = 18
_NOT_YET_INITIALIZED: Final = 94
_POLL_SECONDS: Final = 0.02


class DeploymentError(Exception):
    """A MongoDB that can't be used; the message is a sentence with the remedy and holds no credentials."""


async def check_deployment(url: str, *, timeout_seconds: float = 5.0) -> None:
    """Raise DeploymentError unless `url` leads to the primary of a replica set of MongoDB 6.0 or newer."""
    try:
        client = _client(url, timeout_seconds=timeout_seconds)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise DeploymentError(f"EVALYARD_MONGODB_URL is not the URL of a MongoDB: {error}.") from error
    async with client:
        try:
            _refuse_standalone(await client.admin.command("hello"))
            _refuse_old(await client.server_info())
        except PyMongoError as error:
            raise DeploymentError(_sentence(error, _hosts(url))) from error


async def ensure_single_node(port: int) -> None:
    """Make the mongod on loopback port `port` the primary of a replica set of its own.

    Waits for ever for it to answer: give it a time limit. May be called at every start: a set that was initiated under
    another port (a data folder that moved, a port that was taken) is told its new address.
    """
    async with _client(f"mongodb://127.0.0.1:{port}/?directConnection=true", timeout_seconds=0.5) as client:
        await _answer(client)
        await _configure(client, f"127.0.0.1:{port}")
        await _elected(client)
        _refuse_old(await client.server_info())


def _client(url: str, *, timeout_seconds: float) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(url, serverSelectionTimeoutMS=round(timeout_seconds * 1000), appname="evalyard")


async def _answer(client: AsyncMongoClient[dict[str, Any]]) -> None:
    while True:
        try:
            await client.admin.command("ping")
        except ConnectionFailure:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


async def _configure(client: AsyncMongoClient[dict[str, Any]], address: str) -> None:
    """Initiate the replica set, or force its only member's address, which a removed member can't vote on."""
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        members = [{"_id": 0, "host": address}]
        await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if [member["host"] for member in config["members"]] != [address]:
        moved = {**config, "version": config["version"] + 1, "members": [{**config["members"][0], "host": address}]}
        await client.admin.command("replSetReconfig", moved, force=True)


async def _elected(client: AsyncMongoClient[dict[str, Any]]) -> None:
    while True:
        if (await client.admin.command("hello")).get("isWritablePrimary"):
            return
        await asyncio.sleep(_POLL_SECONDS)


def _refuse_standalone(hello: Mapping[str, Any]) -> None:
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise DeploymentError(
            "The MongoDB of EVALYARD_MONGODB_URL is not a replica set, which change streams need: "
            "start it with --replSet and call rs.initiate() once."
        )


def _refuse_old(info: Mapping[str, Any]) -> None:
    if tuple(info["versionArray"][:2]) < _MINIMUM_VERSION:
        raise DeploymentError(f"Evalyard needs MongoDB 6.0 or newer, and this one is {info['version']}: upgrade it.")


def _sentence(error: PyMongoError, hosts: str) -> str:
    if isinstance(error, OperationFailure) and error.code == _AUTHENTICATION_FAILED:
        return f"MongoDB at {hosts} refused the credentials in EVALYARD_MONGODB_URL: correct them."
    if isinstance(error, ServerSelectionTimeoutError):
        return f"No primary of MongoDB answers at {hosts}: start it, or correct EVALYARD_MONGODB_URL."
    return f"MongoDB at {hosts} can't be used: {error}. Correct EVALYARD_MONGODB_URL, or the server."


def _hosts(url: str) -> str:
    """Name the hosts of `url` without its credentials; an SRV record is not asked for a second time."""
    if url.startswith("mongodb+srv://"):
        return "the hosts of EVALYARD_MONGODB_URL"
    return ", ".join(f"{host}:{port}" for host, port in parse_uri(url)["nodelist"])

"""Whether the database and the broker that a process was told of can be used, before it starts."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import redis.asyncio
from redis.exceptions import AuthenticationError, RedisError

from evalyard_core.settings import Settings
from evalyard_core.storage.deployment import DeploymentError, check_deployment
from evalyard_server.start_error import StartError

_TIMEOUT_SECONDS: Final = 5.0
_RABBITMQ_PORT: Final = 5672


async def check_backends(settings: Settings) -> None:
    """Raise StartError unless the database and the broker of `settings` answer."""
    await check_database(settings.mongodb_url)
    await check_broker(settings.broker_url)


async def check_database(url: str) -> None:
    """Raise StartError unless `url` leads to a MongoDB that Evalyard can use."""
    try:
        await check_deployment(url, timeout_seconds=_TIMEOUT_SECONDS)
    except DeploymentError as error:
        raise StartError(str(error)) from error


async def check_broker(url: str) -> None:
    """Raise StartError unless the broker at `url` answers; of RabbitMQ only the port is tried."""
    scheme = urlsplit(url).scheme
    try:
        if scheme in {"redis", "rediss", "unix"}:
            await _ping(url)
        elif scheme in {"amqp", "amqps"}:
            await _connect(url)
        else:
            raise StartError("EVALYARD_BROKER_URL begins with none of redis://, rediss:// and amqp://: correct it.")
    except AuthenticationError as error:
        raise StartError(f"{_place(url)} refused the credentials in EVALYARD_BROKER_URL: correct them.") from error
    except (RedisError, OSError, ValueError) as error:
        raise StartError(f"{_place(url)} does not answer: start it, or correct EVALYARD_BROKER_URL.") from error


async def _ping(url: str) -> None:
    async with redis.asyncio.from_url(
        url, socket_connect_timeout=_TIMEOUT_SECONDS, socket_timeout=_TIMEOUT_SECONDS
    ) as client:
        await client.ping()


async def _connect(url: str) -> None:
    address = urlsplit(url)
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        _, writer = await asyncio.open_connection(address.hostname, address.port or _RABBITMQ_PORT)
    writer.close()
    await writer.wait_closed()


def _place(url: str) -> str:
    """Name the broker without its credentials."""
    return f"The broker at {urlsplit(url).netloc.rpartition('@')[2] or 'its socket'}"

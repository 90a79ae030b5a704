"""The API and the workers as children of `evalyard up`."""

import asyncio
import sys
from socket import socket
from typing import Final

import httpx

from evalyard_core.settings import Settings
from evalyard_server.embedded.process import ChildSpec, Stage
from evalyard_server.listening import base_url
from evalyard_server.supervisor import cause_of

_POLL_SECONDS: Final = 0.05


def api_spec(settings: Settings, listener: socket) -> ChildSpec:
    """Return how to run the API over `listener`, which outlives it: callers wait while it starts again."""
    return ChildSpec(
        name="the API",
        stage=Stage.API,
        command=_evalyard("serve", "--socket", str(listener.fileno())),
        environment=_environment(settings),
        pass_fds=(listener.fileno(),),
        settle=lambda: _answer(base_url(settings.host, settings.port)),
        explain=lambda exit_code, _: f"The API can't start ({cause_of(exit_code)}): its own words are above.",
        grace_seconds=15.0,
    )


def worker_spec(settings: Settings, number: int) -> ChildSpec:
    """Return how to run worker `number` (from 1), one process: its death costs the others nothing."""
    return ChildSpec(
        name=f"worker {number}",
        stage=Stage.WORKER,
        command=_evalyard("worker", "--processes", "1"),
        environment={**_environment(settings), **_metrics_port(settings, number)},
        settle=_started,
        explain=lambda exit_code, _: f"Worker {number} can't start ({cause_of(exit_code)}): its own words are above.",
        grace_seconds=25.0,
    )


def _evalyard(*arguments: str) -> list[str]:
    # -P: a file of the current folder must never stand in for a module of ours.
    return [sys.executable, "-P", "-m", "evalyard.cli", *arguments]


def _environment(settings: Settings) -> dict[str, str]:
    """Return the settings that the stack decides; a child inherits the others from the environment."""
    return {
        "EVALYARD_MONGODB_URL": settings.mongodb_url,
        "EVALYARD_BROKER_URL": settings.broker_url,
        "EVALYARD_AUTH": settings.auth,
        "EVALYARD_HOST": settings.host,
        "EVALYARD_PORT": str(settings.port),
        "EVALYARD_DATA": str(settings.data.resolve()),
        "EVALYARD_PYTHON_TARGETS": str(int(settings.python_targets)),
        "EVALYARD_TARGET_ALLOWED_NETWORKS": ",".join(settings.target_allowed_networks),
    }


def _metrics_port(settings: Settings, number: int) -> dict[str, str]:
    if not settings.worker_metrics_port:
        return {}
    return {"EVALYARD_WORKER_METRICS_PORT": str(settings.worker_metrics_port + number - 1)}


async def _started() -> None:
    """Return at once: a query succeeds without a worker, and one that dies is started again."""


async def _answer(url: str) -> None:
    """Wait until the API at `url` says that it is ready, and a query reaches its schema."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=5.0) as client:
        while not await _answers(client):  # noqa: ASYNC110 - another process can't set an event
            await asyncio.sleep(_POLL_SECONDS)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        ready = await client.get("/readyz")
        reply = await client.post("/graphql", json={"query": "{ __typename }"})
    except httpx.TransportError:
        return False
    # With keys, a stranger's query is refused by the very code that would answer it.
    return ready.is_success and (reply.is_success or reply.status_code == httpx.codes.UNAUTHORIZED)

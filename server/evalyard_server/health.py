"""Whether the process lives, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from evalyard_core.storage import Store, StoreError
from evalyard_server.backends import check_broker
from evalyard_server.metrics import MEDIA_TYPE
from evalyard_server.running import running
from evalyard_server.start_error import StartError

_PATIENCE_SECONDS: Final = 3.0
_NO_WORKER: Final = "No worker is alive: runs wait until one starts (evalyard worker)."


async def healthz(_request: Request) -> Response:
    """Say that the process lives; what it depends on is the business of /readyz."""
    return _json({"status": "alive"})


async def readyz(request: Request) -> Response:
    """Say whether database and broker answer, and which does not; without a worker, warn."""
    parts = running(request)
    database, broker, workers = await asyncio.gather(
        _in_time(_check_database(parts.store), "The database"),
        _in_time(check_broker(parts.settings.broker_url), "The broker"),
        _live_workers(parts.store),
    )
    problems = {name: why for name, why in (("database", database), ("broker", broker)) if why is not None}
    body: dict[str, object] = {
        "status": "unready" if problems else "ready",
        "missing": list(problems),
        "database": database or "ok",
        "broker": broker or "ok",
        "workers": workers,
    }
    if workers == 0:
        body["warning"] = _NO_WORKER
    return _json(body, HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK)


async def metrics(request: Request) -> Response:
    """Return the figures for Prometheus; those of the database only while it answers."""
    parts = running(request)
    if await _in_time(_check_database(parts.store), "The database") is None:
        runs = await parts.store.runs.count_unfinished()
        parts.metrics.stored(runs, workers=await parts.store.workers.live_count())
    return Response(parts.metrics.exposition(), headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPE)


async def _check_database(store: Store) -> None:
    if not await store.is_reachable():
        raise StartError("No primary of MongoDB answers: start it, or correct EVALYARD_MONGODB_URL.")


async def _in_time(check: Awaitable[None], what: str) -> str | None:
    """Return why a check failed, or None; one that takes long has failed."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await check
    except TimeoutError:
        return f"{what} did not answer within {_PATIENCE_SECONDS:g} seconds."
    except StartError as error:
        return str(error)
    return None


async def _live_workers(store: Store) -> int | None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await store.workers.live_count()
    except (TimeoutError, StoreError):
        return None


def _json(body: dict[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, media_type="application/json")

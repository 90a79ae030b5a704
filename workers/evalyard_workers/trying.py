"""Trying a system out: one call that nothing is stored of, its text shown as it comes in."""

import asyncio
import time
from typing import Any, Final

import evalyard
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome
from evalyard_core.storage import Store
from evalyard_core.storage.records import encode_outcome
from evalyard_core.storage.requests import Request

from .engine.calling import call_once, failure_of, success_of
from .plugins.host import PluginHost
from .plugins.refusals import ConfigRefused, PluginUnavailable

_SHOW_SECONDS: Final = 0.1
#: How often it is asked whether somebody still waits, where there is nothing new to show.
_IDLE_SHOWS: Final = 10
#: A text that is longer is shown in whole at the end.
_MOST_SHOWN: Final = 50_000


async def try_target(store: Store, host: PluginHost, request: Request) -> Any:
    """Return the outcome of the call that is asked for; None where whoever asked has left, and the call is given up."""
    text = ShownText(store, request.id)
    calling = asyncio.create_task(_outcome(host, request, text))
    showing = asyncio.create_task(text.show())
    try:
        await asyncio.wait({calling, showing}, return_when=asyncio.FIRST_COMPLETED)
        return encode_outcome(calling.result()) if calling.done() else None
    finally:
        for task in (calling, showing):
            task.cancel()
        await asyncio.wait({calling, showing})


class ShownText:
    """What there is of an answer."""

    def __init__(self, store: Store, request_id: str) -> None:
        self._store = store
        self._id = request_id
        self._parts: list[str] = []
        self._length = 0

    def add(self, part: str) -> None:
        """Add what came in."""
        if self._length < _MOST_SHOWN:
            self._parts.append(part)
            self._length += len(part)

    async def show(self) -> None:
        """Show the text as it grows, ten times a second; end when nobody asks any more."""
        shown = idle = 0
        while True:
            await asyncio.sleep(_SHOW_SECONDS)
            idle += 1
            if self._length == shown and idle < _IDLE_SHOWS:
                continue
            shown, idle = self._length, 0
            if not await self._store.requests.show(self._id, "".join(self._parts)):
                return


async def _outcome(host: PluginHost, request: Request, text: ShownText) -> Outcome:
    started_at, begun = now(), time.perf_counter()
    try:
        response = await _response(host, request, text)
    except evalyard.TargetError as error:
        return failure_of(error, 1, begun, started_at)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything when it is made, opened or closed
        problem = evalyard.TargetError(f"The target raised {type(error).__name__}: {error}", code="EXCEPTION")
        return failure_of(problem, 1, begun, started_at)
    return success_of(response, 1, begun, started_at)


async def _response(host: PluginHost, request: Request, text: ShownText) -> evalyard.TargetResponse:
    try:
        target = host.target(request.plugin, request.body["config"])
    except (PluginUnavailable, ConfigRefused) as error:
        raise evalyard.TargetError(str(error), code="BAD_CONFIG") from error
    try:
        await target.open()
        return await call_once(target, _asked(request, text))
    finally:
        await target.close()


def _asked(request: Request, text: ShownText) -> evalyard.TargetRequest:
    body = request.body
    return evalyard.TargetRequest(
        input=body["input"],
        metadata=body["metadata"],
        item_id=None,
        run_id="",
        record_id=request.id,
        trial=1,
        attempt=1,
        timeout_seconds=body["timeout_seconds"],
        on_text=text.add,
    )

"""Answering what only a worker can say: whether a plugin takes a config, how evaluators score and targets answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

import evalyard
from evalyard_core.domain.mapping import Context
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem, Score
from evalyard_core.domain.scores import blank_score, failed
from evalyard_core.storage import Store, StoreError
from evalyard_core.storage.requests import Request
from evalyard_core.storage.scores import decode_snapshot, encode_score

from .plugins.host import PluginHost
from .plugins.refusals import ConfigRefused, NotMade, PluginUnavailable
from .plugins.run_cases import ReadPage
from .plugins.scoring import Scorer
from .plugins.threads import Threads
from .plugins.whole import WholeScorer
from .trying import try_target

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 1.0
_THREADS: Final = 4


class Answerer:
    """Takes questions as they come in, whatever else the worker is busy with."""

    def __init__(self, store: Store, host: PluginHost, owner: str, timeout_seconds: float) -> None:
        self._store = store
        self._host = host
        self._owner = owner
        self._timeout = timeout_seconds
        self._threads = Threads(_THREADS, "answer")
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer for ever."""
        while True:
            try:
                async for _ in self._store.requests.arrivals():
                    await self._take_all()
            except StoreError as error:
                _log.warning("waiting for questions broke off", error=str(error)[:300])
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _take_all(self) -> None:
        while request := await self._store.requests.claim(self._owner, self._host.keys):
            answering = asyncio.create_task(self._answer(request))
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)

    async def _answer(self, request: Request) -> None:
        try:
            answer = await self._answer_to(request)
        except Exception:  # noqa: BLE001 - whoever asked is to get an answer, whatever went wrong
            _log.exception("could not answer", kind=request.kind, plugin=request.plugin)
            answer = {"problem": "the worker failed to answer; its log says why", "path": ""}
        await self._store.requests.answer(request.id, answer)

    async def _answer_to(self, request: Request) -> Any:
        if request.kind == "score":
            return [encode_score(score) for score in await self._scores(request.body)]
        if request.kind == "try_target":
            return await try_target(self._store, self._host, request)
        check = self._host.check_evaluator if request.kind == "check_evaluator" else self._host.check_target
        return await _refusal(check, request.plugin, request.body["config"])

    async def _scores(self, body: Any) -> tuple[Score, ...]:
        snapshot = decode_snapshot(body["evaluator"])
        try:
            ready = self._host.evaluator(snapshot)
        except (PluginUnavailable, ConfigRefused) as error:
            return (failed(blank_score(snapshot, now()), Problem("PLUGIN_MISSING", str(error))),)
        if snapshot.scores_records:
            return (await Scorer(ready, self._threads, self._timeout).score([body["context"]]))[0]
        whole = WholeScorer(ready, self._threads, self._timeout)
        return (await whole.score(_run_of_one(body["context"]), records=1)).scores


def _run_of_one(context: Context) -> ReadPage:
    """Read the one record of a run, as an evaluator that scores runs is tried with."""

    async def read_page(place: int) -> list[tuple[int, Context]]:
        return [(1, context)] if place == 0 else []

    return read_page


async def _refusal(check: Callable[[str, Any], Awaitable[None]], key: str, config: Any) -> dict[str, str | None]:
    try:
        await check(key, config)
    except ConfigRefused as error:
        return {"problem": error.message, "path": error.path}
    except (PluginUnavailable, evalyard.TargetError) as error:
        return {"problem": str(error), "path": ""}
    except NotMade as error:
        return {"problem": f"the plugin raised {error}", "path": ""}
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything when it is made
        return {"problem": f"the plugin raised {type(error).__name__}: {error}", "path": ""}
    return {"problem": None, "path": ""}

"""Scoring what a worker sends: each answer goes out as soon as it is there, for the next case may end the process."""

import asyncio
import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any

from evalyard._errors import EvaluationError, Skip, VariableError
from evalyard._results import read_batch
from evalyard.isolation._answers import error_message, result_message
from evalyard.isolation._instances import Instance
from evalyard.isolation._pages import Pages, WorkerGone
from evalyard.isolation._wire import Channel


class Turn:
    """One batch of cases, or one run, for one evaluator."""

    def __init__(self, instance: Instance, channel: Channel, limit_seconds: float) -> None:
        self._instance = instance
        self._evaluator = instance.evaluator
        self._channel = channel
        self._limit = limit_seconds

    def score(self, given: Sequence[dict[str, Any]]) -> None:
        """Answer each case."""
        cases: dict[int, dict[str, Any]] = {}
        for place, values in enumerate(given):
            try:
                cases[place] = self._instance.typed.read(values)
            except VariableError as error:
                self._send(error_message(place, error, 0.0))
        if self._instance.in_batches:
            self._together(cases)
        elif self._instance.is_async:
            self._instance.loop.run_until_complete(self._at_once(cases))
        else:
            for place, case in cases.items():
                self._one(place, lambda case=case: self._evaluator.evaluate(**case))  # type: ignore[misc]

    def score_run(self) -> None:
        """Answer for the whole run."""
        self._one(0, self._run)

    def _run(self) -> Any:
        pages = Pages(self._channel, self._instance.typed)
        if next(iter(pages), None) is None:
            raise Skip(f"No record has what the evaluator needs{f': {pages.reason}' if pages.reason else '.'}")
        return self._instance.call(self._evaluator.evaluate_run, pages)

    def _one(self, place: int, call: Callable[[], Any]) -> None:
        begun = time.perf_counter()
        try:
            result = call()
        except WorkerGone:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            self._send(error_message(place, error, time.perf_counter() - begun))
        else:
            self._send_result(place, result, time.perf_counter() - begun)

    def _together(self, cases: dict[int, dict[str, Any]]) -> None:
        begun = time.perf_counter()
        try:
            results = self._instance.call(self._evaluator.evaluate_batch, list(cases.values())) if cases else []
            listed = read_batch(results, len(cases))
        except BaseException as error:  # noqa: BLE001 - likewise
            for place in cases:
                self._send(error_message(place, error, time.perf_counter() - begun))
            return
        seconds = (time.perf_counter() - begun) / max(1, len(cases))
        for place, result in zip(cases, listed, strict=True):
            if isinstance(result, Skip | EvaluationError):
                self._send(error_message(place, result, seconds))
            else:
                self._send_result(place, result, seconds)

    async def _at_once(self, cases: dict[int, dict[str, Any]]) -> None:
        await asyncio.gather(*(self._awaited(place, case) for place, case in cases.items()))

    async def _awaited(self, place: int, case: dict[str, Any]) -> None:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self._limit) as limit:
                result = self._evaluator.evaluate(**case)
                result = await result if inspect.isawaitable(result) else result
        except BaseException as error:  # noqa: BLE001 - likewise
            seconds = time.perf_counter() - begun
            late = isinstance(error, TimeoutError) and limit.expired()
            self._send({"case": place, "late": True} if late else error_message(place, error, seconds))
        else:
            self._send_result(place, result, time.perf_counter() - begun)

    def _send_result(self, place: int, result: object, seconds: float) -> None:
        self._send(result_message(place, result, self._evaluator.score_type, seconds))

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._channel.send(message)
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"The score can't be stored: {error}."
            self._channel.send(
                {"case": message["case"], "seconds": 0.0, "error": {"kind": "result", "message": reason}}
            )

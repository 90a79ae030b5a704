"""Calling an evaluator as a worker does, with a time limit."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from evalyard._errors import EvaluationError, ResultError, Skip
from evalyard._evaluator import Evaluator
from evalyard._results import Results, read_results
from evalyard._variables import scores_batches, scores_records, scores_runs

LIMIT_SECONDS: Final = 30.0
_FIGURE_SECONDS: Final = 0.25
_LEAST_CALLS: Final = 3

Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What an evaluator said of one case: a result, or that there is none and why, or what it did wrong."""

    results: Results | None = None
    declined: str | None = None
    problem: str | None = None

    @property
    def values(self) -> object:
        """What has to be the same the next time."""
        if self.results is None:
            return self.declined
        named = {"": self.results.main, **self.results.others}
        return {name: (score.value, score.passed) for name, score in named.items()}


class _Cases:
    """Cases for `evaluate_run`: an iterable and an async iterable that can be gone through again."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = cases

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)

    async def __aiter__(self) -> AsyncIterator[Case]:
        for case in self._cases:
            yield case


class Player:
    """Plays the worker for one instance of an evaluator: sets it up, calls it, tears it down."""

    def __init__(self, make: Callable[[], Evaluator[Any]]) -> None:
        self._runner = asyncio.Runner()
        self.instance = make()
        self._kind = type(self.instance)
        self.setup_problem = self._set_up()

    def close(self) -> None:
        """Tear down."""
        with suppress(Exception):
            self._finished(self.instance.teardown)
        self._runner.close()

    def methods(self) -> dict[str, Callable[[Sequence[Case]], Said]]:
        """Return the ways in which it scores, by their names; each takes cases and tells of the first."""
        found: dict[str, Callable[[Sequence[Case]], Said]] = {}
        if scores_batches(self._kind):
            found["evaluate_batch"] = self._batch
        elif scores_records(self._kind):
            found["evaluate"] = self._record
        if scores_runs(self._kind):
            found["evaluate_run"] = self._run
        return found

    def seconds_a_case(self, method: str, cases: Sequence[Case]) -> float:
        """Return how long a case takes where they are scored together; the mean over a quarter of a second."""
        call = {
            "evaluate": lambda: self.instance.evaluate(**cases[0]),
            "evaluate_batch": lambda: self.instance.evaluate_batch([dict(case) for case in cases]),
            "evaluate_run": lambda: self.instance.evaluate_run(_Cases(cases)),
        }[method]
        return self._runner.run(_mean_seconds(call)) / len(cases)

    def _set_up(self) -> str | None:
        try:
            self._finished(self.instance.setup)
        except EvaluationError as error:
            return str(error)
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            return f"setup raised {type(error).__name__}: {error}"
        return None

    def _record(self, cases: Sequence[Case]) -> Said:
        return self._said(lambda: self.instance.evaluate(**cases[0]))

    def _batch(self, cases: Sequence[Case]) -> Said:
        return self._said(lambda: self.instance.evaluate_batch([dict(case) for case in cases]), of=len(cases))

    def _run(self, cases: Sequence[Case]) -> Said:
        return self._said(lambda: self.instance.evaluate_run(_Cases(cases)))

    def _said(self, call: Callable[[], Any], *, of: int | None = None) -> Said:
        try:
            result = self._finished(call)
            if of is not None:
                result = _first(result, of)
            return Said(results=read_results(result, self._kind.score_type))
        except Skip as skip:
            return Said(declined=f"Skip: {skip.reason}")
        except EvaluationError as error:
            return Said(declined=f"{error.code}: {error}")
        except ResultError as error:
            return Said(problem=str(error))
        except TimeoutError:
            return Said(problem=f"it took longer than {LIMIT_SECONDS:g} s")
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            return Said(problem=f"it raised {type(error).__name__}: {error}"[:300])

    def _finished(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns; raises TimeoutError."""
        result = _in_thread(call)
        return self._runner.run(_awaited(result)) if inspect.isawaitable(result) else result


def _in_thread(call: Callable[[], Any]) -> Any:
    """Call in a thread that the program does not wait for at its end, since it may never return."""
    outcome: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            outcome.append((True, call()))
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
            outcome.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    if not outcome:
        raise TimeoutError
    returned, value = outcome[0]
    if not returned:
        raise value
    return value


async def _mean_seconds(call: Callable[[], Any]) -> float:
    calls = 0
    begun = time.perf_counter()
    while calls < _LEAST_CALLS or time.perf_counter() - begun < _FIGURE_SECONDS:
        calls += 1
        # One that declines takes its time too.
        with suppress(Exception):
            result = call()
            if inspect.isawaitable(result):
                await result
    return (time.perf_counter() - begun) / calls


async def _awaited(result: Any) -> Any:
    async with asyncio.timeout(LIMIT_SECONDS):
        return await result


def _first(results: Any, count: int) -> Any:
    if isinstance(results, str | Mapping) or not hasattr(results, "__len__"):
        raise ResultError(f"evaluate_batch must not return {type(results).__name__}; it returns a list.")
    if len(results) != count:
        raise ResultError(f"evaluate_batch gave {len(results)} results for {count} cases.")
    first = next(iter(results))
    if isinstance(first, Skip | EvaluationError):
        raise first
    return first

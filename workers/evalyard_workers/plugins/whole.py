"""Scoring a run as a whole: its cases are read page by page while the plugin asks for them, anew each time it does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from evalyard.plugins import VariableError
from evalyard_core.domain.mapping import Context, Missing, read_variables
from evalyard_core.domain.records import Problem, RunScore, Score
from evalyard_core.domain.scores import failed, skipped
from evalyard_core.storage import StoreError

from .answers import Variables, answer_later
from .host import ReadyEvaluator
from .judging import Judge
from .live import SetupFailed

#: Kept in the run itself, which lists of runs read.
_MOST_BYTES: Final = 20_000
_LONGEST_SECONDS: Final = 3_600.0

#: Returns records from a place on, each with the place behind it; none at the end.
ReadPage = Callable[[int], Awaitable[Sequence[tuple[int, Context]]]]


class RunCases:
    """The cases of a run, for `async for`; each loop begins anew.

    `count` and `left_out` tell of the loop that came furthest. `failure` is what kept records from being read.
    """

    def __init__(self, evaluator: ReadyEvaluator, read_page: ReadPage) -> None:
        self.count = 0
        self.left_out = 0
        self.left_out_reason: str | None = None
        self.failure: StoreError | None = None
        self.closed = False
        self._evaluator = evaluator
        self._read_page = read_page

    def begin(self) -> "_Pass":
        """Return a new pass over the cases."""
        return _Pass(self)

    async def __aiter__(self) -> AsyncIterator[Variables]:
        """Yield each case."""
        over = self.begin()
        while page := await over.page():
            for case in page:
                yield case

    async def read(self, place: int) -> Sequence[tuple[int, Context]]:
        """Read records from a place on."""
        if self.closed:
            raise RuntimeError("the run is not scored any more")
        try:
            return await self._read_page(place)
        except StoreError as error:
            self.failure = error
            raise

    def case(self, context: Context) -> Variables | None:
        """Return a record's variables, None where it lacks something."""
        try:
            return self._evaluator.typed.read(read_variables(self._evaluator.readers, context))
        except (Missing, VariableError) as error:
            self.left_out_reason = self.left_out_reason or str(error)
            return None


class _Pass:
    """One time through the cases."""

    def __init__(self, cases: RunCases) -> None:
        self._cases = cases
        self._place = 0
        self._count = 0
        self._left_out = 0

    async def page(self) -> list[Variables]:
        """Return the next cases, none at the end."""
        page: list[Variables] = []
        while not page and (records := await self._cases.read(self._place)):
            read = [self._cases.case(context) for _, context in records]
            page = [case for case in read if case is not None]
            self._place = records[-1][0]
            self._count += len(page)
            self._left_out += len(read) - len(page)
        self._cases.count = max(self._cases.count, self._count)
        self._cases.left_out = max(self._cases.left_out, self._left_out)
        return page


class _InThread:
    """The cases of a run for a plugin that is not async: an ordinary iterable, for another thread than the loop's."""

    def __init__(self, cases: RunCases, loop: asyncio.AbstractEventLoop) -> None:
        self._cases = cases
        self._loop = loop

    def __iter__(self) -> Iterator[Variables]:
        over = self._cases.begin()
        while page := asyncio.run_coroutine_threadsafe(over.page(), self._loop).result():
            yield from page


class WholeScorer:
    """Scores runs as a whole with one evaluator."""

    def __init__(self, evaluator: ReadyEvaluator, threads: ThreadPoolExecutor, timeout_seconds: float) -> None:
        self._evaluator = evaluator
        self._threads = threads
        self._timeout = timeout_seconds
        self._judge = Judge(evaluator.snapshot, evaluator.version, most_bytes=_MOST_BYTES)

    async def score(self, read_page: ReadPage, records: int) -> RunScore:
        """Return what the evaluator says of a run; the time limit grows with its `records`, up to an hour.

        Never raises for what a plugin does; raises StoreError where the records could not be read.
        """
        cases = RunCases(self._evaluator, read_page)
        try:
            score, *others = await self._scores(cases, min(_LONGEST_SECONDS, self._timeout * max(1, records)))
        finally:
            cases.closed = True
        if cases.failure is not None:
            raise cases.failure
        return RunScore(
            score=score,
            others=tuple(others),
            cases=cases.count,
            left_out=cases.left_out,
            left_out_reason=cases.left_out_reason,
        )

    async def _scores(self, cases: RunCases, limit_seconds: float) -> tuple[Score, ...]:
        blank = self._judge.blank()
        if not self._evaluator.scores_runs:
            problem = (
                f"{self._evaluator.snapshot.plugin} {self._evaluator.version} does not score runs; rescore the run."
            )
            return (failed(blank, Problem("NO_RUN_SCORE", problem)),)
        if not await cases.begin().page():
            reason = f": {cases.left_out_reason}" if cases.left_out_reason else "."
            return (skipped(blank, f"No record has what the evaluator needs{reason}"),)
        try:
            async with self._evaluator.live.used(self._threads) as instance:
                given: Any = cases if self._evaluator.is_async_run else _InThread(cases, asyncio.get_running_loop())
                answer = await answer_later(
                    instance.evaluate_run,
                    given,
                    is_async=self._evaluator.is_async_run,
                    threads=self._threads,
                    limit_seconds=limit_seconds,
                )
        except SetupFailed as error:
            return (failed(blank, Problem("SETUP", str(error), retryable=True)),)
        return self._judge.scores(blank, answer)

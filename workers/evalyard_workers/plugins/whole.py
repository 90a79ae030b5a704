"""Scoring a run as a whole, whatever the plugin does."""

import asyncio
from typing import Final

from evalyard_core.domain.records import Problem, RunScore, Score
from evalyard_core.domain.scores import failed, skipped

from .answers import Answer, HungError, answer_later
from .host import ReadyEvaluator
from .judging import Judge
from .refusals import UNUSABLE, problem_of
from .remote import RemoteEvaluator
from .run_cases import CasesElsewhere, ReadPage, RunCases
from .threads import Threads

#: Kept in the run itself, which lists of runs read.
_MOST_BYTES: Final = 20_000
_LONGEST_SECONDS: Final = 3_600.0


class WholeScorer:
    """Scores runs as a whole with one evaluator."""

    def __init__(self, evaluator: ReadyEvaluator, threads: Threads, timeout_seconds: float) -> None:
        self._evaluator = evaluator
        self._threads = threads
        self._timeout = timeout_seconds
        self._judge = Judge(evaluator.snapshot, evaluator.version, most_bytes=_MOST_BYTES)

    async def score(self, read_page: ReadPage, records: int) -> RunScore:
        """Return what the evaluator says of a run; the time limit grows with its `records`, up to an hour.

        Never raises for what a plugin does; raises StoreError where the records could not be read.
        """
        cases = RunCases(self._evaluator.readers, self._evaluator.typed, read_page)
        try:
            score, *others = await self._scores(cases, min(_LONGEST_SECONDS, self._timeout * max(1, records)))
        finally:
            cases.closed = True
        if cases.failure is not None:
            raise cases.failure
        return RunScore(
            score=score,
            others=tuple(others),
            cases=cases.furthest.count,
            left_out=cases.furthest.left_out,
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
            answer = await self._answer(cases, limit_seconds)
        except UNUSABLE as error:
            return (failed(blank, problem_of(error, self._evaluator.snapshot.plugin)),)
        return self._judge.scores(blank, answer)

    async def _answer(self, cases: RunCases, limit_seconds: float) -> Answer:
        live, trouble = self._evaluator.live, self._evaluator.trouble
        if isinstance(live, RemoteEvaluator):
            return await live.answer_run(cases, limit_seconds)
        if trouble.is_left_alone:
            return Answer(None, trouble.not_tried(), 0.0)
        async with live.used(self._threads) as instance:
            answer = await answer_later(
                instance.evaluate_run,
                CasesElsewhere(cases, asyncio.get_running_loop()),
                loop=live.loop if self._evaluator.is_async_run else None,
                threads=self._threads,
                limit_seconds=limit_seconds,
            )
        if isinstance(answer.error, HungError):
            trouble.note(hung_here=True)
        return answer

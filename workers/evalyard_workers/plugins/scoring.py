"""Scoring records with a plugin, whatever it does: a failure costs its own scores, and nothing else."""

import asyncio
import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import evalyard
from evalyard.plugins import VariableError
from evalyard_core.domain.mapping import Context, Missing, read_variables
from evalyard_core.domain.records import Problem, Score
from evalyard_core.domain.scores import failed, skipped

from .answers import RAISED, Answer, HungError, Variables, answer_later, answer_now
from .host import ReadyEvaluator
from .judging import Judge
from .live import SetupFailed

#: After so many scores of one batch that never came back, the rest of the batch is not tried.
_MOST_HANGING: Final = 3


class Scorer:
    """Scores batches of records with one evaluator."""

    def __init__(self, evaluator: ReadyEvaluator, threads: ThreadPoolExecutor, timeout_seconds: float) -> None:
        self._evaluator = evaluator
        self._threads = threads
        self._timeout = timeout_seconds
        self._judge = Judge(evaluator.snapshot, evaluator.version)

    async def score(self, contexts: Sequence[Context]) -> list[tuple[Score, ...]]:
        """Return for each record's context, in order, the evaluator's score and those that the plugin gave beside it.

        Never raises for what a plugin does.
        """
        blank = self._judge.blank()
        scores: list[tuple[Score, ...]] = [(blank,)] * len(contexts)
        places, cases = [], []
        for place, context in enumerate(contexts):
            try:
                cases.append(self._evaluator.typed.read(read_variables(self._evaluator.readers, context)))
                places.append(place)
            except Missing as error:
                scores[place] = (skipped(blank, str(error)),)
            except VariableError as error:
                scores[place] = (failed(blank, Problem("BAD_VARIABLE", str(error))),)
        if cases:
            for place, made in zip(places, await self._scores(blank, cases), strict=True):
                scores[place] = made
        return scores

    async def _scores(self, blank: Score, cases: Sequence[Variables]) -> list[tuple[Score, ...]]:
        try:
            async with self._evaluator.live.used(self._threads) as instance:
                answers = await self._answers(instance, cases)
        except SetupFailed as error:
            return [(failed(blank, Problem("SETUP", str(error), retryable=True)),)] * len(cases)
        return [self._judge.scores(blank, answer) for answer in answers]

    async def _answers(self, instance: evalyard.Evaluator[Any], cases: Sequence[Variables]) -> Sequence[Answer]:
        if self._evaluator.in_batches:
            return await self._together(instance, cases)
        if self._evaluator.is_async:
            return await asyncio.gather(*(self._awaited(instance, case) for case in cases))
        return await self._threaded(instance, cases)

    async def _together(self, instance: evalyard.Evaluator[Any], cases: Sequence[Variables]) -> Sequence[Answer]:
        """Hand all cases to the plugin at once; what goes wrong goes wrong for all of them."""
        answer = await answer_later(
            instance.evaluate_batch,
            cases,
            is_async=self._evaluator.is_async,
            threads=self._threads,
            limit_seconds=self._timeout * len(cases),
        )
        seconds = answer.seconds / len(cases)
        if answer.error is not None:
            return [Answer(None, answer.error, answer.seconds)] * len(cases)
        try:
            return [_answer(result, seconds) for result in _results(answer.result, len(cases))]
        except RAISED as error:
            return [Answer(None, error, seconds)] * len(cases)

    async def _awaited(self, instance: evalyard.Evaluator[Any], case: Variables) -> Answer:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout) as limit:
                result = await _as_awaitable(instance.evaluate(**case))
        except TimeoutError as error:
            hung = HungError(self._timeout) if limit.expired() else error
            return Answer(None, hung, time.perf_counter() - begun)
        except RAISED as error:
            return Answer(None, error, time.perf_counter() - begun)
        return Answer(result, None, time.perf_counter() - begun)

    async def _threaded(self, instance: evalyard.Evaluator[Any], cases: Sequence[Variables]) -> Sequence[Answer]:
        """Score one case after the other in a thread.

        A thread can't be stopped: one that hangs in a case is left behind, and a new one goes on with the next case.
        """
        answers: list[Answer] = []
        hung = HungError(self._timeout)
        hanging = 0
        while len(answers) < len(cases):
            turn = _Turn(instance.evaluate, cases[len(answers) :])
            finished = await self._watched(turn)
            answers += turn.answers
            if not finished:
                hanging += 1
                answers.append(Answer(None, hung, self._timeout))
            if hanging == _MOST_HANGING:
                answers += [Answer(None, hung, 0.0)] * (len(cases) - len(answers))
        return answers

    async def _watched(self, turn: "_Turn") -> bool:
        """Wait for a turn; False when it makes no headway for the time that one score may take."""
        future = asyncio.wrap_future(_submit(self._threads, turn))
        while True:
            before = len(turn.answers)
            done, _ = await asyncio.wait({future}, timeout=self._timeout)
            if done:
                future.result()
                return True
            if len(turn.answers) == before:
                turn.abandoned = True
                return False


@dataclass(slots=True)
class _Turn:
    """Cases that a thread scores, one after the other."""

    evaluate: Callable[..., Any]
    cases: Sequence[Variables]
    answers: list[Answer] = field(default_factory=list)
    abandoned: bool = False

    def run(self) -> None:
        for case in self.cases:
            answer = answer_now(self.evaluate, **case)
            if self.abandoned:
                return
            self.answers.append(answer)


def _submit(threads: ThreadPoolExecutor, turn: _Turn) -> Future[None]:
    return threads.submit(turn.run)


async def _as_awaitable(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _answer(result: Any, seconds: float) -> Answer:
    """Return the answer for one case of a batch, which the plugin may have declined."""
    declined = isinstance(result, evalyard.Skip | evalyard.EvaluationError)
    return Answer(None, result, seconds) if declined else Answer(result, None, seconds)


def _results(results: Any, count: int) -> list[Any]:
    """Return the results of a batch, or raise for what is no list of as many as there are cases."""
    if isinstance(results, str | Mapping) or not (isinstance(results, Sized) and isinstance(results, Iterable)):
        raise evalyard.EvaluationError(
            f"evaluate_batch must not return {type(results).__name__}; it returns a list.", code="BAD_RESULT"
        )
    if len(results) != count:
        raise evalyard.EvaluationError(
            f"evaluate_batch gave {len(results):,} results for {count:,} cases.", code="BAD_RESULT"
        )
    return list(results)

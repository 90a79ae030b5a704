"""Scoring with a plugin, whatever it does: each failure becomes an ERROR score with a reason, and nothing else."""

import asyncio
import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

import evalyard
from evalyard import ScoreType
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.mapping import Context, Missing, read_variables
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.records import Problem, Score
from evalyard_core.domain.scores import blank_score, failed, is_amount, label_of, number_of, passes, skipped

from .host import ReadyEvaluator

_LONGEST_TEXT: Final = 2_000
_MOST_METADATA_BYTES: Final = 100_000
#: After so many scores of one batch that never came back, the rest of the batch is not tried.
_MOST_HANGING: Final = 3

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin returned or raised for one case, and how long it took."""

    result: Any
    error: BaseException | None
    seconds: float


class HungError(Exception):
    """A plugin did not come back in time."""


class Scorer:
    """Scores batches of records with one evaluator."""

    def __init__(self, evaluator: ReadyEvaluator, threads: ThreadPoolExecutor, timeout_seconds: float) -> None:
        self._evaluator = evaluator
        self._threads = threads
        self._timeout = timeout_seconds

    async def score(self, contexts: Sequence[Context]) -> list[Score]:
        """Return a score for each record's context, in order; never raises for what a plugin does."""
        blank = blank_score(self._evaluator.snapshot, now(), plugin_version=self._evaluator.version)
        scores: list[Score] = [blank] * len(contexts)
        places, cases = [], []
        for place, context in enumerate(contexts):
            try:
                cases.append(read_variables(self._evaluator.readers, context))
                places.append(place)
            except Missing as error:
                scores[place] = skipped(blank, str(error))
        answers = await self._answers(cases) if cases else []
        for place, answer in zip(places, answers, strict=True):
            scores[place] = self._judged(blank, answer)
        return scores

    async def _answers(self, cases: Sequence[Variables]) -> Sequence[Answer]:
        if self._evaluator.in_batches:
            return await self._whole(cases)
        if self._evaluator.is_async:
            return await asyncio.gather(*(self._awaited(case) for case in cases))
        return await self._threaded(cases)

    async def _whole(self, cases: Sequence[Variables]) -> Sequence[Answer]:
        """Hand all cases to the plugin at once; what goes wrong goes wrong for all of them."""
        begun = time.perf_counter()
        try:
            results = await self._limited(self._evaluator.instance.evaluate_batch, cases)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            return [Answer(None, error, time.perf_counter() - begun)] * len(cases)
        seconds = (time.perf_counter() - begun) / len(cases)
        if len(results) != len(cases):
            mismatch = ValueError(f"{len(results)} results for {len(cases)} cases")
            return [Answer(None, mismatch, seconds)] * len(cases)
        return [Answer(result, None, seconds) for result in results]

    async def _limited(self, function: Callable[..., Any], cases: Sequence[Variables]) -> Any:
        copies = [dict(case) for case in cases]
        limit = self._timeout * len(cases)
        async with asyncio.timeout(limit):
            if self._evaluator.is_async:
                return await function(copies)
            return await asyncio.wrap_future(self._threads.submit(function, copies))

    async def _awaited(self, case: Variables) -> Answer:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                result = await _as_awaitable(self._evaluator.instance.evaluate(**case))
        except TimeoutError:
            return Answer(None, HungError(), time.perf_counter() - begun)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            return Answer(None, error, time.perf_counter() - begun)
        return Answer(result, None, time.perf_counter() - begun)

    async def _threaded(self, cases: Sequence[Variables]) -> Sequence[Answer]:
        """Score one case after the other in a thread.

        A thread can't be stopped: one that hangs in a case is left behind, and a new one goes on with the next case.
        """
        answers: list[Answer] = []
        hanging = 0
        while len(answers) < len(cases):
            turn = _Turn(self._evaluator.instance.evaluate, cases[len(answers) :])
            finished = await self._watched(turn)
            answers += turn.answers
            if not finished:
                hanging += 1
                answers.append(Answer(None, HungError(), self._timeout))
            if hanging == _MOST_HANGING:
                answers += [Answer(None, HungError(), 0.0)] * (len(cases) - len(answers))
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

    def _judged(self, blank: Score, answer: Answer) -> Score:
        if answer.error is not None:
            return self._excused(replace(blank, duration_ms=answer.seconds * 1000), answer.error)
        given = answer.result if isinstance(answer.result, evalyard.Score) else evalyard.Score(answer.result)
        snapshot = self._evaluator.snapshot
        problem = _type_problem(given, snapshot.score_type) or _rest_problem(given)
        if problem is not None:
            return failed(replace(blank, duration_ms=answer.seconds * 1000), Problem("BAD_RESULT", problem))
        # Made at once: dataclasses.replace costs as much as a quick evaluator.
        return Score(
            name=blank.name,
            status=blank.status,
            source=blank.source,
            created_at=blank.created_at,
            evaluator_id=blank.evaluator_id,
            evaluator_version=blank.evaluator_version,
            plugin=blank.plugin,
            plugin_version=blank.plugin_version,
            config_hash=blank.config_hash,
            value=given.value,
            number=number_of(given.value),
            label=label_of(given.value),
            passed=passes(given.value, said=given.passed, threshold=snapshot.threshold),
            explanation=None if given.explanation is None else str(given.explanation)[:_LONGEST_TEXT],
            metadata=None if given.metadata is None else dict(given.metadata),
            cost_usd=given.cost_usd,
            duration_ms=answer.seconds * 1000,
        )

    def _excused(self, blank: Score, error: BaseException) -> Score:
        if isinstance(error, evalyard.Skip):
            return skipped(blank, error.reason)
        if isinstance(error, HungError | TimeoutError):
            return failed(blank, Problem("TIMEOUT", f"{self._name} gave no score within {self._timeout:g} s."))
        if isinstance(error, SystemExit):
            return failed(blank, Problem("EXCEPTION", f"{self._name} tried to end the worker (sys.exit)."))
        reason = f"{type(error).__name__}: {error}".rstrip(": ")[:_LONGEST_TEXT]
        return failed(blank, Problem("EXCEPTION", f"{self._name} raised {reason}"))

    @property
    def _name(self) -> str:
        return self._evaluator.snapshot.plugin


@dataclass(slots=True)
class _Turn:
    """Cases that a thread scores, one after the other."""

    evaluate: Callable[..., Any]
    cases: Sequence[Variables]
    answers: list[Answer] = field(default_factory=list)
    abandoned: bool = False

    def run(self) -> None:
        for case in self.cases:
            answer = _answered(self.evaluate, case)
            if self.abandoned:
                return
            self.answers.append(answer)


def _answered(evaluate: Callable[..., Any], case: Variables) -> Answer:
    begun = time.perf_counter()
    try:
        result = evaluate(**case)
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, KeyboardInterrupt and SystemExit too
        return Answer(None, error, time.perf_counter() - begun)
    return Answer(result, None, time.perf_counter() - begun)


def _submit(threads: ThreadPoolExecutor, turn: _Turn) -> Future[None]:
    return threads.submit(turn.run)


async def _as_awaitable(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _rest_problem(score: evalyard.Score) -> str | None:
    """Return what is wrong with a score beside its value, which could not be stored."""
    if score.cost_usd is not None and not is_amount(score.cost_usd):
        return f"cost_usd is {score.cost_usd!r:.100}; it must be a finite number, 0 or more."
    try:
        payload_size([score.value, score.metadata], field="metadata", most=_MOST_METADATA_BYTES)
    except Refusal as error:
        return f"The score can't be stored: {error.message}"
    return None


def _type_problem(score: evalyard.Score, score_type: ScoreType) -> str | None:
    value = score.value
    if score_type is ScoreType.BOOLEAN:
        fits = isinstance(value, bool)
    elif score_type is ScoreType.NUMERIC:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        return f"A {score_type} evaluator must not return {type(value).__name__} ({value!r:.100})."
    if isinstance(value, float) and not math.isfinite(value):
        return f"The score is {value}; it must be a finite number."
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"The score has {len(value):,} characters; {_LONGEST_TEXT:,} are allowed."
    return None

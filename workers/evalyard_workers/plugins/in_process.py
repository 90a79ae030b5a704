"""Calling an evaluator in the worker's own process: in threads, or on an event loop of its own where it is async."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import evalyard
from evalyard.plugins import VariableError, read_batch

from .answers import RAISED, Answer, HungError, Variables, answer_later, answer_now, answer_on_loop
from .host import ReadyEvaluator
from .live import LiveEvaluator
from .loops import Blocked
from .threads import Threads

#: After so many scores of one batch that never came back, the rest of the batch is not tried.
_MOST_HANGING: Final = 3
_START_SECONDS: Final = 60.0


class InProcess:
    """Gets the answers of one evaluator, whatever it does."""

    def __init__(
        self, evaluator: ReadyEvaluator, live: LiveEvaluator, threads: Threads, timeout_seconds: float
    ) -> None:
        self._evaluator = evaluator
        self._live = live
        self._threads = threads
        self._timeout = timeout_seconds

    async def answers(self, given: Sequence[Variables]) -> Sequence[Answer]:
        """Return what the evaluator says of each case; raises SetupFailed."""
        answers: list[Answer | None] = [None] * len(given)
        places, cases = [], []
        for place, values in enumerate(given):
            try:
                cases.append(self._evaluator.typed.read(values))
                places.append(place)
            except VariableError as error:
                answers[place] = Answer(None, error, 0.0)
        if self._evaluator.trouble.is_left_alone:
            return [answer or Answer(None, self._evaluator.trouble.not_tried(), 0.0) for answer in answers]
        if cases:
            async with self._live.used(self._threads) as instance:
                for place, answer in zip(places, await self._called(instance, cases), strict=True):
                    answers[place] = answer
        return [answer for answer in answers if answer is not None]

    async def _called(self, instance: evalyard.Evaluator[Any], cases: Sequence[Variables]) -> Sequence[Answer]:
        if self._evaluator.in_batches:
            return await self._together(instance, cases)
        if self._evaluator.is_async:
            return await self._at_once(instance, cases)
        return await self._threaded(instance, cases)

    async def _together(self, instance: evalyard.Evaluator[Any], cases: Sequence[Variables]) -> Sequence[Answer]:
        """Hand all cases to the plugin at once; what goes wrong goes wrong for all of them."""
        answer = await answer_later(
            instance.evaluate_batch,
            cases,
            loop=self._live.loop if self._evaluator.is_async else None,
            threads=self._threads,
            limit_seconds=self._timeout * len(cases),
        )
        self._note(answer)
        seconds = answer.seconds / len(cases)
        if answer.error is not None:
            return [Answer(None, answer.error, answer.seconds)] * len(cases)
        try:
            return [_answer(result, seconds) for result in read_batch(answer.result, len(cases))]
        except RAISED as error:
            return [Answer(None, error, seconds)] * len(cases)

    async def _at_once(self, instance: evalyard.Evaluator[Any], cases: Sequence[Variables]) -> Sequence[Answer]:
        """Call it for all cases at once, on its own loop."""
        answers: list[Answer | None] = [None] * len(cases)

        async def one(place: int, case: Variables) -> None:
            answers[place] = await answer_on_loop(lambda: instance.evaluate(**case), self._timeout)

        async def work() -> None:
            await asyncio.gather(*(one(place, case) for place, case in enumerate(cases)))

        try:
            await self._live.loop.run(work, self._timeout)
        except Blocked:
            self._evaluator.trouble.note(hung_here=True)
        else:
            self._evaluator.trouble.is_over()
        hung = HungError(self._timeout, blocked=True)
        return [answer or Answer(None, hung, self._timeout) for answer in list(answers)]

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
            if turn.answers:
                self._evaluator.trouble.is_over()
            if not finished:
                hanging += 1
                self._evaluator.trouble.note(hung_here=True)
                answers.append(Answer(None, hung, self._timeout))
            if hanging == _MOST_HANGING or self._evaluator.trouble.is_left_alone:
                answers += [Answer(None, hung, 0.0)] * (len(cases) - len(answers))
        return answers

    async def _watched(self, turn: "_Turn") -> bool:
        """Wait for a turn; False when it makes no headway for the time that one score may take."""
        call = self._threads.submit(turn.run)
        future = asyncio.wrap_future(call)
        try:
            # To wait for a thread costs no evaluator its time.
            while call.thread is None and not future.done():
                await asyncio.wait({future}, timeout=min(self._timeout, _START_SECONDS))
            while True:
                before = len(turn.answers)
                done, _ = await asyncio.wait({future}, timeout=self._timeout)
                if done:
                    future.result()
                    return True
                if len(turn.answers) == before:
                    turn.abandoned = True
                    return False
        finally:
            if not future.done():
                future.cancel()
                self._threads.leave(call)

    def _note(self, answer: Answer) -> None:
        if isinstance(answer.error, HungError):
            self._evaluator.trouble.note(hung_here=True)
        else:
            self._evaluator.trouble.is_over()


def _answer(result: Any, seconds: float) -> Answer:
    """Return the answer for one case of a batch, which the plugin may have declined."""
    declined = isinstance(result, evalyard.Skip | evalyard.EvaluationError)
    return Answer(None, result, seconds) if declined else Answer(result, None, seconds)


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

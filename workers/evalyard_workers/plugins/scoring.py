"""Scoring records with a plugin, whatever it does: a failure costs its own scores, and nothing else."""

from collections.abc import Sequence

from evalyard_core.domain.mapping import Context, Missing, read_variables
from evalyard_core.domain.records import Score
from evalyard_core.domain.scores import failed, skipped

from .answers import Answer, Variables
from .host import ReadyEvaluator
from .in_process import InProcess
from .judging import Judge
from .refusals import UNUSABLE, problem_of
from .remote import RemoteEvaluator
from .threads import Threads


class Scorer:
    """Scores batches of records with one evaluator."""

    def __init__(self, evaluator: ReadyEvaluator, threads: Threads, timeout_seconds: float) -> None:
        self.evaluator = evaluator
        self._threads = threads
        self._timeout = timeout_seconds
        self._judge = Judge(evaluator.snapshot, evaluator.version)

    @property
    def reads_trace(self) -> bool:
        """Whether a variable is read from the trace of a record."""
        return self.evaluator.reads_trace

    async def score(self, contexts: Sequence[Context]) -> list[tuple[Score, ...]]:
        """Return for each record's context, in order, the evaluator's score and those that the plugin gave beside it.

        Never raises for what a plugin does.
        """
        blank = self._judge.blank()
        scores: list[tuple[Score, ...]] = [(blank,)] * len(contexts)
        places, cases = [], []
        for place, context in enumerate(contexts):
            try:
                cases.append(read_variables(self.evaluator.readers, context))
                places.append(place)
            except Missing as error:
                scores[place] = (skipped(blank, str(error)),)
        if cases:
            for place, made in zip(places, await self._scores(blank, cases), strict=True):
                scores[place] = made
        return scores

    async def _scores(self, blank: Score, cases: Sequence[Variables]) -> list[tuple[Score, ...]]:
        try:
            answers = await self._answers(cases)
        except UNUSABLE as error:
            return [(failed(blank, problem_of(error, self.evaluator.snapshot.plugin)),)] * len(cases)
        return [self._judge.scores(blank, answer) for answer in answers]

    async def _answers(self, cases: Sequence[Variables]) -> Sequence[Answer]:
        live = self.evaluator.live
        if isinstance(live, RemoteEvaluator):
            return await live.answers(cases, self._timeout)
        return await InProcess(self.evaluator, live, self._threads, self._timeout).answers(cases)

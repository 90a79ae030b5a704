"""Scoring the records of a run with all its evaluators."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from evalyard_core.domain.client_scores import is_given_by_client
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.mapping import Context, context_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Problem, Record, Score, verdict_of
from evalyard_core.domain.runs import Run
from evalyard_core.domain.scores import blank_score, failed, skipped
from evalyard_core.storage.records import Scored
from evalyard_workers.plugins.host import PluginHost, ReadyEvaluator
from evalyard_workers.plugins.refusals import problem_of
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads

from .score_caching import NOTHING_KNOWN, Asked, Known, ScoreCache


class Called(NamedTuple):
    """A record as it was read, and what calling its system gave."""

    record: Record
    outcome: Outcome


class Unsent:
    """Says of records that came without the score of an evaluator which runs beside the system that there is none."""

    def __init__(self, snapshot: EvaluatorSnapshot) -> None:
        self._snapshot = snapshot

    async def score(self, contexts: Sequence[Context]) -> list[tuple[Score, ...]]:
        """Return a score that was skipped for each record."""
        score = skipped(blank_score(self._snapshot, now()), "No score was sent along with the record.")
        return [(score,)] * len(contexts)


class RunScorer:
    """The evaluators of one run."""

    def __init__(
        self, run: Run, host: PluginHost, threads: Threads, timeout_seconds: float, *, cache: ScoreCache | None = None
    ) -> None:
        self._run = run
        self._cache = cache
        self._rescoring = frozenset(run.rescoring)
        self._scorers = [
            (snapshot, _scorer(snapshot, host, threads, timeout_seconds))
            for snapshot in run.evaluators
            if snapshot.scores_records
        ]

    async def score(self, called: Sequence[Called]) -> list[Scored]:
        """Return the scores that records are to have, in order: new ones, and those that stay."""
        contexts = [context_of(record, outcome) for record, outcome in called]
        known = await self._known(called, contexts)
        new = await asyncio.gather(
            *(self._by(snapshot, scorer, called, contexts, known) for snapshot, scorer in self._scorers)
        )
        return [self._scored(case.record, [scores[place] for scores in new]) for place, case in enumerate(called)]

    async def _known(self, called: Sequence[Called], contexts: Sequence[Context]) -> Known:
        """Look up at once what all evaluators are to say; nothing where the run uses no scores again."""
        if self._cache is None:
            return NOTHING_KNOWN
        asked = [
            Asked(
                scorer.evaluator,
                {n: contexts[n] for n, case in enumerate(called) if self._lacks(case.record, snapshot.evaluator_id)},
                # Whoever has a run scored again wants new scores.
                anew=snapshot.evaluator_id in self._rescoring,
            )
            for snapshot, scorer in self._scorers
            if isinstance(scorer, Scorer)
        ]
        return await self._cache.known(asked)

    async def _by(
        self,
        snapshot: EvaluatorSnapshot,
        scorer: Scorer | Unsent | Problem,
        called: Sequence[Called],
        contexts: Sequence[Context],
        known: Known,
    ) -> list[Sequence[Score]]:
        """Return what one evaluator newly says of each record; nothing of one whose score by it stays."""
        scores: list[Sequence[Score]] = [()] * len(called)
        places = [place for place, case in enumerate(called) if self._lacks(case.record, snapshot.evaluator_id)]
        if not places:
            return scores
        if isinstance(scorer, Problem):
            given: Sequence[Sequence[Score]] = [(failed(blank_score(snapshot, now()), scorer),)] * len(places)
        elif isinstance(scorer, Unsent):
            given = await scorer.score([contexts[place] for place in places])
        else:
            given = await known.scores(
                scorer.evaluator, places, ask=lambda lacking: scorer.score([contexts[place] for place in lacking])
            )
        for place, score in zip(places, given, strict=True):
            scores[place] = score
        return scores

    def _lacks(self, record: Record, evaluator_id: str) -> bool:
        return evaluator_id in self._rescoring or all(score.evaluator_id != evaluator_id for score in record.scores)

    @staticmethod
    def _scored(record: Record, new: Sequence[Sequence[Score]]) -> Scored:
        # All that an evaluator said before goes, also what its plugin gave beside its score.
        fresh = {scores[0].given_by for scores in new if scores}
        kept = [score for score in record.scores if score.given_by is None or score.given_by not in fresh]
        scores = (*kept, *(score for scores in new for score in scores))
        return Scored(record_id=record.id, scores=scores, verdict=verdict_of(scores), finished_at=now())


def _scorer(
    snapshot: EvaluatorSnapshot, host: PluginHost, threads: Threads, timeout_seconds: float
) -> Scorer | Unsent | Problem:
    """Return what scores records with an evaluator, or why nothing can."""
    if is_given_by_client(snapshot):
        return Unsent(snapshot)
    ready = ready_evaluator(snapshot, host)
    return ready if isinstance(ready, Problem) else Scorer(ready, threads, timeout_seconds)


def ready_evaluator(snapshot: EvaluatorSnapshot, host: PluginHost) -> ReadyEvaluator | Problem:
    """Return an evaluator that can score, or why it can't."""
    try:
        return host.evaluator(snapshot)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything when it is made
        return problem_of(error, snapshot.plugin)

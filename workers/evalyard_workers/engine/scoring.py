"""Scoring the records of a run with all its evaluators."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from evalyard_core.domain.client_scores import is_given_by_client
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.mapping import Context, context_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem, Record, Score, ScoreStatus, verdict_of
from evalyard_core.domain.runs import Run
from evalyard_core.domain.scores import blank_score, failed, skipped
from evalyard_core.storage.records import Scored
from evalyard_workers.plugins.host import PluginHost, ReadyEvaluator
from evalyard_workers.plugins.refusals import problem_of
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads

from .breaker import Breaker
from .called import Called
from .score_caching import NOTHING_KNOWN, Asked, Known, ScoreCache
from .traces import Looked


class _Batch(NamedTuple):
    """Records that are scored together: what mappings read of each, its trace's fate, and what there is already."""

    called: Sequence[Called]
    contexts: Sequence[Context]
    looked: Looked
    known: Known


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
        self,
        run: Run,
        host: PluginHost,
        threads: Threads,
        timeout_seconds: float,
        *,
        breaker: Breaker,
        cache: ScoreCache | None = None,
    ) -> None:
        self._run = run
        self._cache = cache
        self._breaker = breaker
        self._rescoring = frozenset(run.rescoring)
        whole = [ready_evaluator(snapshot, host) for snapshot in run.unscored_by]
        self._whole_reads_traces = any(ready.reads_trace for ready in whole if not isinstance(ready, Problem))
        self._scorers = [
            (snapshot, _scorer(snapshot, host, threads, timeout_seconds))
            for snapshot in run.evaluators
            if snapshot.scores_records
        ]

    @property
    def reads_traces(self) -> bool:
        """Whether some evaluator, of records or of the run as a whole, reads the records' traces."""
        return self._whole_reads_traces or any(_reads_trace(scorer) for _, scorer in self._scorers)

    def reads_trace_of(self, record: Record) -> bool:
        """Tell whether some evaluator is to read the trace of a record."""
        return self._whole_reads_traces or any(
            _reads_trace(scorer) and self._lacks(record, used.evaluator_id) for used, scorer in self._scorers
        )

    async def score(self, called: Sequence[Called], looked: Looked | None = None) -> list[Scored]:
        """Return the scores that records are to have, in order: new ones, and those that stay.

        `looked` tells of their traces, where some evaluator reads those.
        """
        looked = looked or Looked()
        contexts = [context_of(record, outcome, looked.traces.get(record.id)) for record, outcome in called]
        batch = _Batch(called, contexts, looked, await self._known(called, contexts))
        new = await asyncio.gather(*(self._by(snapshot, scorer, batch) for snapshot, scorer in self._scorers))
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
        self, snapshot: EvaluatorSnapshot, scorer: Scorer | Unsent | Problem, batch: _Batch
    ) -> list[Sequence[Score]]:
        """Return what one evaluator newly says of each record; nothing of one whose score by it stays."""
        scores: list[Sequence[Score]] = [()] * len(batch.called)
        places = [n for n, case in enumerate(batch.called) if self._lacks(case.record, snapshot.evaluator_id)]
        if _reads_trace(scorer):
            problems = [batch.looked.missing.get(batch.called[place].record.id) for place in places]
            for place, problem in zip(places, problems, strict=True):
                if problem is not None:
                    scores[place] = (failed(blank_score(snapshot, now()), problem),)
            places = [place for place, problem in zip(places, problems, strict=True) if problem is None]
        if not places:
            return scores
        for place, score in zip(places, await self._given(snapshot, scorer, batch, places), strict=True):
            scores[place] = score
        return scores

    async def _given(
        self, snapshot: EvaluatorSnapshot, scorer: Scorer | Unsent | Problem, batch: _Batch, places: Sequence[int]
    ) -> Sequence[Sequence[Score]]:
        """Return what an evaluator says of the records at these places."""
        contexts = batch.contexts
        if isinstance(scorer, Problem):
            return [(failed(blank_score(snapshot, now()), scorer),)] * len(places)
        if isinstance(scorer, Unsent):
            return await scorer.score([contexts[place] for place in places])
        return await batch.known.scores(
            scorer.evaluator, places, ask=lambda lacking: self._asked(scorer, [contexts[place] for place in lacking])
        )

    async def _asked(self, scorer: Scorer, contexts: Sequence[Context]) -> Sequence[Sequence[Score]]:
        """Ask an evaluator for scores, as long as it is to be asked; one that may fail for good, for few at a time."""
        snapshot = scorer.evaluator.snapshot
        key = snapshot.evaluator_id
        given: list[Sequence[Score]] = []
        while len(given) < len(contexts):
            if (problem := self._breaker.problem(key)) is not None:
                not_asked = failed(blank_score(snapshot, now()), problem)
                return [*given, *[(not_asked,)] * (len(contexts) - len(given))]
            if self._breaker.trusts(key):
                given += await self._noted(key, scorer, contexts[len(given) :])
                continue
            async with self._breaker.trial(key):
                if self._breaker.problem(key) is None and not self._breaker.trusts(key):
                    few = contexts[len(given) : len(given) + self._breaker.most]
                    given += await self._noted(key, scorer, few)
                    self._breaker.trust_unless_failing(key)
        return given

    async def _noted(self, key: str, scorer: Scorer, contexts: Sequence[Context]) -> Sequence[Sequence[Score]]:
        given = await scorer.score(contexts)
        for scores in given:
            if scores[0].status is not ScoreStatus.SKIPPED:
                self._breaker.note(key, scores[0].error)
        return given

    def _lacks(self, record: Record, evaluator_id: str) -> bool:
        return evaluator_id in self._rescoring or all(score.evaluator_id != evaluator_id for score in record.scores)

    @staticmethod
    def _scored(record: Record, new: Sequence[Sequence[Score]]) -> Scored:
        # All that an evaluator said before goes, also what its plugin gave beside its score.
        fresh = {scores[0].given_by for scores in new if scores}
        kept = [score for score in record.scores if score.given_by is None or score.given_by not in fresh]
        scores = (*kept, *(score for scores in new for score in scores))
        return Scored(record_id=record.id, scores=scores, verdict=verdict_of(scores), finished_at=now())


def _reads_trace(scorer: Scorer | Unsent | Problem) -> bool:
    return isinstance(scorer, Scorer) and scorer.reads_trace


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

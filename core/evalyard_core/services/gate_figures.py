"""What a run is judged by, read together."""

from collections.abc import Collection, Mapping
from typing import Final

from evalyard_core.domain.comparing.outcomes import Cases
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.gates.figures import EvaluatorFigures, GateFigures
from evalyard_core.domain.gates.policy import GatePolicy
from evalyard_core.domain.gates.regressions import Regressions, regressions_of
from evalyard_core.domain.gates.result import Baseline
from evalyard_core.domain.records import ScoreStatus
from evalyard_core.domain.runs import Run, RunSummary, Tally
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import ItemSelection

from .outcomes import Outcomes

_NOTHING: Final = Tally()


class FiguresReader:
    """Reads the figures of runs that have ended, as far as a policy asks for them."""

    def __init__(self, store: Store, outcomes: Outcomes) -> None:
        self._store = store
        self._outcomes = outcomes

    async def read(self, run: Run, summary: RunSummary, policy: GatePolicy, baseline: Baseline | None) -> GateFigures:
        """Return what came of a run."""
        progress = run.progress
        judged = progress.passed + progress.failed + progress.errored
        asks_for_regressions = policy.max_regressions is not None and baseline is not None
        planned = await self._planned(run)
        return GateFigures(
            planned=planned,
            passed=progress.passed,
            failed=progress.failed,
            errored=progress.errored,
            without_verdict=max(0, progress.completed - judged),
            error_codes=await self._store.gates.error_codes(run.id) if progress.errored else {},
            average_latency_ms=summary.average_latency_ms,
            total_cost_usd=summary.total_cost_usd,
            evaluators=await self._evaluators(run, planned) if policy.evaluators else {},
            regressions=await self._regressions(run, baseline.run) if baseline and asks_for_regressions else None,
        )

    async def _planned(self, run: Run) -> int:
        """Return how many records there should be: those of an item that nobody submitted are missing."""
        if run.dataset is None:
            return run.progress.total
        selection = ItemSelection(run.dataset.id, version=run.dataset.version, tags=run.settings.item_tags)
        items = await self._store.items.count_all(selection)
        return max(run.progress.total, min(items, run.settings.sample_size or items) * run.settings.trials)

    async def _evaluators(self, run: Run, planned: int) -> dict[str, EvaluatorFigures]:
        unasked = await self._store.gates.unasked(run.id)
        return {
            entry.evaluator_id: _of_records(run, entry, planned, unasked)
            if entry.scores_records
            else _of_whole_run(run, entry)
            for entry in run.evaluators
        }

    async def _regressions(self, run: Run, baseline: Run) -> Regressions:
        before, after = await self._outcomes.of([baseline, run])
        missing = await self._missing(run, before, after) if run.is_external else ()
        return regressions_of(before, after, missing=missing)

    async def _missing(self, run: Run, before: Cases, after: Cases) -> Collection[str]:
        """Return which cases of a baseline an external run should have records of: its dataset version has the items.

        Nobody knows which items a sample was to hold. Of a run that the workers carry out all records are there.
        """
        absent = [key for key in before if key not in after]
        if run.dataset is None or run.settings.sample_size is not None or run.settings.item_tags or not absent:
            return ()
        return await self._store.items.at_version(absent, run.dataset.id, run.dataset.version)


def _of_records(
    run: Run, evaluator: EvaluatorSnapshot, planned: int, unasked: Mapping[tuple[str, ScoreStatus], int]
) -> EvaluatorFigures:
    key = evaluator.evaluator_id
    tally, distribution = run.tallies.get(key, _NOTHING), run.distributions.get(key)
    return EvaluatorFigures(
        name=evaluator.name,
        owed=planned,
        passed=tally.passed,
        failed=tally.failed,
        scored=tally.scored,
        skipped=unasked.get((key, ScoreStatus.SKIPPED), 0),
        unasked=unasked.get((key, ScoreStatus.OK), 0),
        mean=distribution.mean if distribution else None,
    )


def _of_whole_run(run: Run, evaluator: EvaluatorSnapshot) -> EvaluatorFigures:
    said = run.run_scores.get(evaluator.evaluator_id)
    score = said.score if said else None
    has_value = score is not None and score.status is ScoreStatus.OK
    passed = score.passed if score is not None and has_value else None
    return EvaluatorFigures(
        name=evaluator.name,
        owed=1,
        passed=int(passed is True),
        failed=int(passed is False),
        scored=int(has_value),
        unasked=int(has_value and passed is None),
        mean=run.run_number(evaluator.evaluator_id),
        noun="run",
    )

"""Judging runs by the policies of their datasets, or by others."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.comparing.outcomes import Cases
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.filters import RecordFilter
from evalyard_core.domain.gates.figures import EvaluatorFigures, GateFigures
from evalyard_core.domain.gates.judging import judge
from evalyard_core.domain.gates.policy import GatePolicy, check_policy
from evalyard_core.domain.gates.regressions import Regressions, regressions_of
from evalyard_core.domain.gates.result import Baseline, BaselineChoice, CaseKind, GateResult, WorstCase
from evalyard_core.domain.lists import PageRequest, RecordList
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, ScoreStatus, Verdict
from evalyard_core.domain.runs import TERMINAL, Run, RunStatus, RunSummary, Tally
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import ItemSelection

from .datasets import DatasetService
from .outcomes import Outcomes

MOST_WORST_CASES: Final = 10
#: CI servers show thousands of test cases, not a million.
MOST_TEST_CASES: Final = 5_000
_NOTHING: Final = Tally()


class GateService:
    """Keeps policies, and judges by them."""

    def __init__(self, store: Store, datasets: DatasetService, outcomes: Outcomes) -> None:
        self._store = store
        self._datasets = datasets
        self._outcomes = outcomes

    async def set_policy(self, *, actor: Actor, dataset_id: str, policy: GatePolicy | None) -> Dataset:
        """Say what runs over a dataset must meet; None takes it back."""
        dataset = await self._datasets.require(actor=actor, dataset_id=dataset_id, role=Role.EDITOR, field="datasetId")
        if policy is not None:
            check_policy(policy, field="policy")
            await self._check_references(policy, dataset.project_id)
        return await self._store.datasets.set_gate_policy(dataset.id, policy, at=now()) or dataset

    async def judge(self, *, run: Run, policy: GatePolicy | None) -> GateResult:
        """Judge a run that the actor was allowed to read, by a policy, or by that of its dataset.

        A policy that is given counts alone: nothing of the dataset's is added. Refuses a run that has not ended.
        """
        if policy is not None:
            check_policy(policy, field="policy")
            await self._check_references(policy, run.project_id)
        policy = policy or await self._policy_of_dataset(run)
        summary = _summary(run)
        baseline = None
        if policy.max_regressions is not None or policy.baseline_run_id is not None:
            baseline = await self._baseline(run, policy)
        figures = await self._figures(run, summary, policy, baseline)
        return GateResult(run=run, policy=policy, figures=figures, checks=judge(policy, figures), baseline=baseline)

    async def worst_cases(self, result: GateResult) -> list[WorstCase]:
        """Return ten cases that did not pass: what regressed, then what failed, then what could not be judged."""
        regressed = result.figures.regressions.regressed if result.figures.regressions else ()
        ids = [record_ids[0] for record_ids in regressed[:MOST_WORST_CASES] if record_ids]
        found = await self._store.records.get_many(ids)
        worst = [WorstCase(CaseKind.REGRESSED, found[identifier]) for identifier in ids if identifier in found]
        for kind, verdict in ((CaseKind.FAILED, Verdict.FAILED), (CaseKind.ERRORED, Verdict.ERRORED)):
            records = await self._with_verdict(result.run, verdict)
            worst += [WorstCase(kind, record) for record in records if record.id not in found]
        return worst[:MOST_WORST_CASES]

    async def test_cases(self, result: GateResult) -> list[Record]:
        """Return the records of the run, in its order, as far as CI servers show them; first of all what failed."""
        run = result.run
        if run.progress.total <= MOST_TEST_CASES:
            return await self._read(RecordList(project_id=run.project_id, run_id=run.id))
        failing = RecordFilter(verdict=(Verdict.FAILED, Verdict.ERRORED))
        return await self._read(RecordList(project_id=run.project_id, run_id=run.id, wanted=failing))

    async def _read(self, wanted: RecordList) -> list[Record]:
        records: list[Record] = []
        async with aclosing(self._store.exports.stream(wanted)) as found:
            async for record in found:
                records.append(record)
                if len(records) == MOST_TEST_CASES:
                    break
        return records

    async def _with_verdict(self, run: Run, verdict: Verdict) -> Sequence[Record]:
        wanted = RecordList(project_id=run.project_id, run_id=run.id, wanted=RecordFilter(verdict=(verdict,)))
        # So many that what regressed, which failed too, leaves enough.
        [page] = await self._store.records.pages([PageRequest(of=wanted, first=2 * MOST_WORST_CASES)])
        if isinstance(page, BadInput):
            raise page
        return page.items

    async def _policy_of_dataset(self, run: Run) -> GatePolicy:
        dataset = await self._store.datasets.get(run.dataset.id) if run.dataset else None
        if dataset is None or dataset.gate_policy is None:
            raise BadInput(
                "The run's dataset has no gate policy; set one (setGatePolicy), or give one.", field="policy"
            )
        return dataset.gate_policy

    async def _check_references(self, policy: GatePolicy, project_id: str) -> None:
        """Refuse evaluators and a baseline that are not of the project."""
        found = await self._store.evaluators.get_many([gate.evaluator_id for gate in policy.evaluators])
        for place, gate in enumerate(policy.evaluators):
            evaluator = found.get(gate.evaluator_id)
            if evaluator is None or evaluator.project_id != project_id or evaluator.deleted_at is not None:
                raise NotFound("There is no such evaluator.", field=f"policy.evaluators[{place}].evaluatorId")
        if policy.baseline_run_id is not None:
            await self._named(policy.baseline_run_id, project_id)

    async def _named(self, run_id: str, project_id: str) -> Run:
        run = await self._store.runs.get(run_id)
        if run is None or run.project_id != project_id:
            raise NotFound("There is no such run to be the baseline.", field="policy.baselineRunId")
        return run

    async def _baseline(self, run: Run, policy: GatePolicy) -> Baseline | None:
        """Return what regressions are counted against: what the policy names, what is in production, or what was."""
        if policy.baseline_run_id is not None:
            named = await self._named(policy.baseline_run_id, run.project_id)
            if named.status is not RunStatus.COMPLETED:
                raise Conflict(
                    f"Run {named.number} is {named.status}, and a baseline must be COMPLETED; name another one.",
                    field="policy.baselineRunId",
                )
            if _dataset_id(named) != _dataset_id(run):
                raise Conflict(
                    f"Runs {named.number} and {run.number} are over different datasets and share no cases; name "
                    "another baseline.",
                    field="policy.baselineRunId",
                )
            return Baseline(named, BaselineChoice.NAMED)
        if run.dataset is None:
            return None
        system = await self._store.systems.get(run.system.system_id) if run.system else None
        if system is not None and system.production_version_id is not None:
            found = await self._store.gates.newest_of_version(run, system.production_version_id)
            if found is not None:
                return Baseline(found, BaselineChoice.PRODUCTION)
        before = await self._store.gates.newest_before(run)
        return None if before is None else Baseline(before, BaselineChoice.PREVIOUS)

    async def _figures(
        self, run: Run, summary: RunSummary, policy: GatePolicy, baseline: Baseline | None
    ) -> GateFigures:
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


def _dataset_id(run: Run) -> str | None:
    return run.dataset.id if run.dataset else None


def _summary(run: Run) -> RunSummary:
    if run.status not in TERMINAL or run.summary is None:
        raise Conflict(f"Run {run.number} is {run.status} and its figures are not final; judge it when it has ended.")
    return run.summary

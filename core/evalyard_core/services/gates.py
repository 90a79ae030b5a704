"""Judging runs by the policies of their datasets, or by others."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.filters import RecordFilter
from evalyard_core.domain.gates.judging import judge
from evalyard_core.domain.gates.policy import GatePolicy, check_policy
from evalyard_core.domain.gates.result import CaseKind, GateResult, WorstCase
from evalyard_core.domain.lists import PageRequest, RecordList
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, Verdict
from evalyard_core.domain.runs import TERMINAL, Run, RunSummary
from evalyard_core.storage import Store

from .baselines import Baselines
from .datasets import DatasetService
from .gate_figures import FiguresReader
from .outcomes import Outcomes

MOST_WORST_CASES: Final = 10
#: CI servers show thousands of test cases, not a million.
MOST_TEST_CASES: Final = 5_000


class GateService:
    """Keeps policies, and judges by them."""

    def __init__(self, store: Store, datasets: DatasetService, outcomes: Outcomes) -> None:
        self._store = store
        self._datasets = datasets
        self._baselines = Baselines(store)
        self._figures = FiguresReader(store, outcomes)

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
            baseline = await self._baselines.choose(run, policy)
        figures = await self._figures.read(run, summary, policy, baseline)
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
            await self._baselines.named(policy.baseline_run_id, project_id)


def _summary(run: Run) -> RunSummary:
    if run.status not in TERMINAL or run.summary is None:
        raise Conflict(f"Run {run.number} is {run.status} and its figures are not final; judge it when it has ended.")
    return run.summary

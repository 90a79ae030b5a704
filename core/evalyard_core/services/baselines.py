"""Which run the regressions of another are counted against."""

from evalyard_core.domain.errors import Conflict, NotFound
from evalyard_core.domain.gates.policy import GatePolicy
from evalyard_core.domain.gates.result import Baseline, BaselineChoice
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.storage import Store


class Baselines:
    """Chooses baselines."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def choose(self, run: Run, policy: GatePolicy) -> Baseline | None:
        """Return what the policy names, else what is in production, else what was before; None where there is none."""
        if policy.baseline_run_id is not None:
            named = await self.named(policy.baseline_run_id, run.project_id)
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

    async def named(self, run_id: str, project_id: str) -> Run:
        """Return the run that a policy names, or refuse."""
        run = await self._store.runs.get(run_id)
        if run is None or run.project_id != project_id:
            raise NotFound("There is no such run to be the baseline.", field="policy.baselineRunId")
        return run


def _dataset_id(run: Run) -> str | None:
    return run.dataset.id if run.dataset else None

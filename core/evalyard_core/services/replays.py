"""Runs whose outputs stand in for a system: to be scored by other evaluators, or as a baseline."""

from typing import Any

from evalyard import TargetMode
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.ids import read_global_id
from evalyard_core.domain.plugins import TargetPlugin
from evalyard_core.domain.runs import TERMINAL, Run, RunSettings
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.storage import Store


async def replayed_run(store: Store, config: Any, *, project_id: str, field: str) -> Run:
    """Return the run of this project that `run_id` of a config names, or refuse."""
    named = config.get("run_id") if isinstance(config, dict) else None
    found = read_global_id(named) if isinstance(named, str) else None
    run = await store.runs.get(found[1]) if found is not None and found[0] == "Run" else None
    if run is None or run.project_id != project_id:
        raise NotFound("There is no such run.", field=field)
    return run


async def replayed_by(store: Store, version: SystemVersion, target: TargetPlugin) -> Run | None:
    """Return the run that a system version replays, None where its target does not; refuse one that is gone."""
    if target.mode is not TargetMode.REPLAY:
        return None
    return await replayed_run(store, version.config, project_id=version.project_id, field="input.systemVersionId")


def check_replay(run: Run, dataset: Dataset | None, settings: RunSettings) -> None:
    """Refuse to replay a run that has not ended, or that has nothing for the records of the new one."""
    if run.status not in TERMINAL:
        raise Conflict(
            f"Run {run.number}, which this system version replays, is {run.status}; wait until it has ended.",
            field="input.systemVersionId",
        )
    if dataset is not None and (run.dataset is None or run.dataset.id != dataset.id):
        whose = "no dataset" if run.dataset is None else f"the dataset {run.dataset.name!r}"
        raise BadInput(
            f"Run {run.number}, which this system version replays, has {whose}; name the same.", field="input.datasetId"
        )
    if settings.trials > run.settings.trials:
        raise BadInput(
            f"Run {run.number}, which this system version replays, has {run.settings.trials} trials of each item, "
            f"not {settings.trials}.",
            field="input.trials",
        )

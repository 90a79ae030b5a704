"""What the failing cases of runs share."""

from collections.abc import Sequence
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from evalyard_core.domain.failure_groups import FailureGroup
from evalyard_core.domain.runs import Run
from evalyard_core.services.failure_groups import FailureGroups

GroupsOfRuns: TypeAlias = DataLoader[Run, Sequence[FailureGroup]]


def failure_group_loader(groups: FailureGroups, *, cache: bool) -> GroupsOfRuns:
    """Return a loader of the groups of a run that the actor was allowed to read; more runs than fit are refused."""

    async def load(runs: list[Run]) -> list[Sequence[FailureGroup] | BaseException]:
        return [*await groups.of(runs)]

    return DataLoader(load, cache=cache, cache_key_fn=lambda run: run.id)

"""The run before a run, of the same dataset and system."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from evalyard_core.domain.runs import Run

PreviousRuns: TypeAlias = DataLoader[Run, Run | None]


def previous_run_loader(
    previous_of: Callable[[Sequence[Run]], Awaitable[Mapping[str, Run]]], *, cache: bool
) -> PreviousRuns:
    """Return a loader over what finds the runs before runs, by the later one's id."""

    async def load(runs: list[Run]) -> list[Run | BaseException | None]:
        found = await previous_of(runs)
        return [found.get(run.id) for run in runs]

    return DataLoader(load, cache=cache, cache_key_fn=lambda run: run.id)

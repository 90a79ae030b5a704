"""What came of the cases of runs."""

from typing import TypeAlias

from strawberry.dataloader import DataLoader

from evalyard_core.domain.comparing.outcomes import Cases
from evalyard_core.domain.runs import Run
from evalyard_core.services.outcomes import Outcomes

CasesOfRuns: TypeAlias = DataLoader[Run, Cases]


def case_loader(outcomes: Outcomes, *, cache: bool) -> CasesOfRuns:
    """Return a loader of the cases of a run that the actor was allowed to read; more runs than fit are refused."""

    async def load(runs: list[Run]) -> list[Cases | BaseException]:
        return [*await outcomes.of(runs)]

    return DataLoader(load, cache=cache, cache_key_fn=lambda run: run.id)

"""The scores of a record that others have replaced."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from evalyard_core.domain.records import Score

ScoreHistory: TypeAlias = DataLoader[str, Sequence[Score]]


def score_history_loader(
    of_records: Callable[[Sequence[str]], Awaitable[Mapping[str, Sequence[Score]]]], *, cache: bool
) -> ScoreHistory:
    """Return a loader of a record's replaced scores, newest first, by the record's id."""

    async def load(record_ids: list[str]) -> list[Sequence[Score] | BaseException]:
        found = await of_records(record_ids)
        return [found.get(record_id, ()) for record_id in record_ids]

    return DataLoader(load, cache=cache)

"""What fails: newly, again and again, and now and then."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, Self

import strawberry

from evalyard_core.domain import failing as domain
from evalyard_core.domain.datasets import Dataset, Item
from evalyard_core.domain.filters import RunFilter
from evalyard_core.domain.limits import check_range
from evalyard_core.domain.lists import ItemList, RunList
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.services.paging import page_of, ranked_page
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.given import given
from evalyard_schema.types import item, record
from evalyard_schema.types.connection import Connection, connect, connection, page_size
from evalyard_schema.types.lazy import LazyDatasetItem, LazyRecord

_MOST_RUNS: Final = 50
_MOST_RECORDS: Final = 20


@object_type
class FlakyItem:
    """An item whose verdict flips between runs or trials of the same system version."""

    case: strawberry.Private[domain.FlakyCase]
    item: LazyDatasetItem
    flips: int = strawberry.field(
        description="How often, in order of runs and trials, one record passed and its neighbour did not."
    )
    pass_rate: float = strawberry.field(description="Share of its records with a verdict that passed.")
    judged: int = strawberry.field(description="How many records with a verdict it has in these runs.")

    @classmethod
    def of(cls, found: tuple[domain.FlakyCase, Item]) -> Self:
        """Return a flaky item."""
        case, case_item = found
        return cls(
            case=case,
            item=item.DatasetItem.of(case_item),
            flips=case.flips,
            pass_rate=case.pass_rate,
            judged=len(case.record_ids),
        )

    @field
    async def records(self, info: Info) -> list[LazyRecord]:
        """Its records with a verdict in these runs, newest first, twenty at most."""
        newest = self.case.record_ids[: -_MOST_RECORDS - 1 : -1]
        found = await info.context.loaders.records.load_many(newest)
        return [record.Record.of(entry) for entry in found if entry is not None]


async def new_failures(info: Info, run: Run, *, first: int | None, after: str | None) -> Connection[LazyRecord]:
    """Return the records of a run that fail and whose cases passed in the run before it."""
    before = await info.context.loaders.previous_runs.load(run)
    runs = [] if before is None else [run, before]
    read = await info.context.loaders.cases.load_many(runs)
    failing = domain.new_failures(*read) if read else frozenset()
    ids = [outcome.record_id for cases in read[:1] for case in cases.values() for outcome in case.outcomes]
    page = page_of(ids, str, first=page_size(first), after=given(after), wanted=failing.__contains__)
    records = await info.context.loaders.records.load_many(page.items)
    return connection(page.with_items(records), record.Record.of, _counted(failing))


async def consistent_failures(
    info: Info, dataset: Dataset, *, last_runs: int, first: int | None, after: str | None
) -> Connection[LazyDatasetItem]:
    """Return the items of a dataset that did not pass in any of its last runs, in the dataset's order."""
    runs = await _last_runs(info, dataset, last_runs)
    failing = domain.consistent_failures(await info.context.loaders.cases.load_many(runs))
    items = ItemList(project_id=dataset.project_id, dataset_id=dataset.id, ids=tuple(sorted(failing)))
    return await connect(info.context.loaders.lists.items, items, item.DatasetItem.of, first=first, after=after)


async def flaky_items(
    info: Info, dataset: Dataset, *, last_runs: int, first: int | None, after: str | None
) -> Connection[FlakyItem]:
    """Return the items of a dataset whose verdict flips, most flips first."""
    runs = (await _last_runs(info, dataset, last_runs))[::-1]
    read = await info.context.loaders.cases.load_many(runs)
    flaky = domain.flaky_cases(zip(map(_version, runs), read, strict=True))
    there = await info.context.loaders.present_items.load_many([case.item_id for case in flaky])
    shown = [case for case, is_there in zip(flaky, there, strict=True) if is_there]
    page = ranked_page(shown, lambda case: (case.flips, case.item_id), first=page_size(first), after=given(after))
    items = await info.context.loaders.items.load_many([case.item_id for case in page.items])
    pairs = [(case, entry) if entry else None for case, entry in zip(page.items, items, strict=True)]
    return connection(page.with_items(pairs), FlakyItem.of, _counted(shown))


async def _last_runs(info: Info, dataset: Dataset, last_runs: int) -> Sequence[Run]:
    """Return the newest completed runs of a dataset, newest first, or refuse how many."""
    most = check_range(last_runs, 1, _MOST_RUNS, field="lastRuns")
    completed = RunFilter(status=(RunStatus.COMPLETED,))
    runs = RunList(project_id=dataset.project_id, dataset_id=dataset.id, wanted=completed)
    return (await info.context.loaders.lists.runs.page(runs, first=most, after=None)).items


def _version(run: Run) -> str:
    return run.system.version_id if run.system else run.id


def _counted(found: Collection[object]) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(found)

    return count

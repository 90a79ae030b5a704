"""Datasets and the versions of their items.

An item is kept as its revisions: each is valid from dataset version `since` until before version `until`, so that a
version is read by its bounds and a change of one item writes one document.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pymongo import InsertOne, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.datasets import AttachedEvaluator, Dataset, Item, ItemSource
from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.gates.policy import GatePolicy
from evalyard_core.domain.lists import DatasetList, ItemList

from .codec import Document, PartCodec
from .collection import Session
from .listed import Listed, Selection
from .pages import Order
from .search import in_json, in_text

#: `until` of a revision that no later version has replaced.
_OPEN: Final = 2**53

_BY_AGE = Order()
_BY_PLACE = Order("seq")
_POLICY = PartCodec(GatePolicy)
_ATTACHED = PartCodec(tuple[AttachedEvaluator, ...])


class DatasetRepository(Listed[Dataset, DatasetList]):
    """Datasets; names are unique in a project."""

    name = "datasets"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Dataset)

    async def add(self, dataset: Dataset) -> None:
        """Store a new dataset, or refuse a name that is taken."""
        try:
            await self.insert(dataset)
        except DuplicateKeyError as error:
            raise _taken(dataset.name) from error

    async def change(self, identifier: str, changes: Mapping[str, Any]) -> Dataset | None:
        """Set fields of a dataset; JSON fields as JSON text."""
        try:
            return await self._update({"_id": identifier}, {"$set": dict(changes)})
        except DuplicateKeyError as error:
            raise _taken(changes["name"]) from error

    def selection(self, wanted: DatasetList) -> Selection:
        """Return a project's datasets by age."""
        query: Document = {"project_id": wanted.project_id}
        if wanted.search:
            query["name"] = in_text(wanted.search)
        if wanted.tags:
            query["tags"] = {"$all": list(wanted.tags)}
        return Selection(query, _BY_AGE)

    async def advance(
        self, identifier: str, *, added: int, removed: int, at: datetime, session: Session
    ) -> Dataset | None:
        """Begin the next version and reserve places for the items that it adds; return the dataset as it then is."""
        return await self._update(
            {"_id": identifier},
            {"$inc": {"version": 1, "item_count": added - removed, "next_seq": added}, "$set": {"updated_at": at}},
            session=session,
        )

    async def set_evaluators(
        self, dataset: Dataset, evaluators: tuple[AttachedEvaluator, ...], *, at: datetime
    ) -> Dataset | None:
        """Replace the list of evaluators that future runs use, unless it is no longer the one that `dataset` has."""
        return await self._update(
            {"_id": dataset.id, "evaluators": _ATTACHED.encode(dataset.evaluators)},
            {"$set": {"evaluators": _ATTACHED.encode(evaluators), "updated_at": at}},
        )

    async def set_gate_policy(self, identifier: str, policy: GatePolicy | None, *, at: datetime) -> Dataset | None:
        """Replace what runs over the dataset must meet."""
        encoded = None if policy is None else _POLICY.encode(policy)
        return await self._update({"_id": identifier}, {"$set": {"gate_policy": encoded, "updated_at": at}})

    async def uses_evaluator(self, evaluator_id: str, project_id: str) -> str | None:
        """Return the name of a dataset that the evaluator is attached to, or None."""
        row = await self._rows.find_one(
            {"project_id": project_id, "evaluators.evaluator_id": evaluator_id}, projection={"name": 1}
        )
        return None if row is None else str(row["name"])


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a dataset {name!r} in this project already; choose another name.", field="input.name")


class StoredCase(NamedTuple):
    """What an item gives to its records. Payloads are JSON texts: nobody parses what is only copied."""

    item_id: str
    input: str | None
    expected_output: str | None
    metadata: str | None
    tags: Sequence[str]


_CASE: Final[Document] = {"_id": 0} | dict.fromkeys(StoredCase._fields, 1)


class ItemRepository(Listed[Item, ItemList]):
    """The revisions of items; `_id` is `item id@since`."""

    name = "items"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Item)

    def _document(self, item: Item) -> Document:
        document = self._codec.encode(item)
        document["item_id"] = item.id
        document["_id"] = f"{item.id}@{item.since}"
        document["until"] = _OPEN
        return document

    def _decode(self, row: Document) -> Item:
        row["_id"] = row["item_id"]
        return self._codec.decode(row)

    async def insert_many(self, items: Sequence[Item], *, session: Session) -> None:
        """Store revisions of items that have none which is open."""
        await self._rows.insert_many([self._document(item) for item in items], session=session)

    async def put(self, items: Sequence[Item], *, session: Session) -> None:
        """Store revisions that begin with one dataset version; they end those that their items had before."""
        ended = {"item_id": {"$in": [item.id for item in items]}, "until": _OPEN}
        await self._rows.update_many(ended, {"$set": {"until": items[0].since}}, session=session)
        await self.insert_many(items, session=session)

    async def by_key(self, dataset_id: str, keys: Sequence[str], *, session: Session) -> dict[str, Item]:
        """Return the items that the newest version has of some keys, by key."""
        query = {"dataset_id": dataset_id, "key": {"$in": list(keys)}, "until": _OPEN}
        items = [self._decode(row) async for row in self._rows.find(query, session=session)]
        return {item.key: item for item in items if item.key is not None}

    async def revise(self, item: Item, *, session: Session) -> None:
        """Replace an item's newest revision from version `item.since` on."""
        await self._rows.bulk_write(
            [
                UpdateOne({"item_id": item.id, "until": _OPEN}, {"$set": {"until": item.since}}),
                InsertOne(self._document(item)),
            ],
            session=session,
        )

    async def retire(self, identifiers: Sequence[str], *, since: int, session: Session) -> None:
        """End items before version `since`."""
        await self._rows.update_many(
            {"item_id": {"$in": list(identifiers)}, "until": _OPEN}, {"$set": {"until": since}}, session=session
        )

    async def get(self, identifier: str) -> Item | None:
        """Return the newest revision of an item, also of one that was deleted, or None."""
        row = await self._rows.find_one({"item_id": identifier}, sort=[("since", -1)])
        return None if row is None else self._decode(row)

    async def get_many(self, identifiers: Sequence[str], *, session: Session | None = None) -> dict[str, Item]:
        """Return the newest revisions by item id."""
        newest: list[Document] = [
            {"$match": {"item_id": {"$in": list(identifiers)}}},
            {"$sort": {"item_id": 1, "since": -1}},
            {"$group": {"_id": "$item_id", "item": {"$first": "$$ROOT"}}},
        ]
        rows = await self._rows.aggregate(newest, session=session)
        return {row["_id"]: self._decode(row["item"]) async for row in rows}

    async def current(self, identifiers: Sequence[str], *, session: Session | None = None) -> dict[str, Item]:
        """Return the items that the newest dataset versions hold, by item id."""
        rows = self._rows.find({"item_id": {"$in": list(identifiers)}, "until": _OPEN}, session=session)
        return {row["item_id"]: self._decode(row) async for row in rows}

    async def present(self, identifiers: Sequence[str]) -> dict[str, bool]:
        """Return by id whether the newest dataset version has an item."""
        query = {"item_id": {"$in": list(identifiers)}, "until": _OPEN}
        there = {row["item_id"] async for row in self._rows.find(query, projection={"item_id": 1})}
        return {identifier: identifier in there for identifier in identifiers}

    async def at_version(self, identifiers: Sequence[str], dataset_id: str, version: int) -> dict[str, Item]:
        """Return items of a dataset version, by item id."""
        query = {
            "item_id": {"$in": list(identifiers)},
            "dataset_id": dataset_id,
            "since": {"$lte": version},
            "until": {"$gt": version},
        }
        return {row["item_id"]: self._decode(row) async for row in self._rows.find(query)}

    async def delete_of_dataset(self, dataset_id: str) -> None:
        """Remove every revision of every item."""
        await self._rows.delete_many({"dataset_id": dataset_id})

    def selection(self, wanted: ItemList) -> Selection:
        """Return the items of a version in the order in which they were added."""
        items = ItemSelection(
            wanted.dataset_id,
            version=wanted.version,
            search=wanted.search,
            tags=wanted.tags,
            source=wanted.source,
            ids=wanted.ids,
        )
        return Selection(items.query(), _BY_PLACE)

    async def count_all(self, selection: "ItemSelection") -> int:
        """Return how many there are, however many."""
        return await self._rows.count_documents(selection.query())

    async def cases(self, selection: "ItemSelection") -> AsyncIterator[StoredCase]:
        """Yield what the items of a version give to records, in order."""
        rows = self._rows.find(selection.query(), projection=_CASE, batch_size=500)
        async for row in rows.sort(_BY_PLACE.sort()):
            yield StoredCase(**row)


class ItemSelection:
    """Which items of a dataset are meant; `version` None is the newest."""

    def __init__(
        self,
        dataset_id: str,
        *,
        version: int | None = None,
        search: str | None = None,
        tags: Sequence[str] = (),
        source: ItemSource | None = None,
        ids: Sequence[str] | None = None,
    ) -> None:
        self._dataset_id = dataset_id
        self._version = version
        self._search = search
        self._tags = tags
        self._source = source
        self._ids = ids

    def query(self) -> Document:
        """Return the predicate."""
        query: Document = {"dataset_id": self._dataset_id}
        if self._version is None:
            query["until"] = _OPEN
        else:
            query |= {"since": {"$lte": self._version}, "until": {"$gt": self._version}}
        if self._search:
            query["$or"] = [{"input": in_json(self._search)}, {"expected_output": in_json(self._search)}]
        if self._tags:
            query["tags"] = {"$all": list(self._tags)}
        if self._source is not None:
            query["source"] = self._source
        if self._ids is not None:
            query["item_id"] = {"$in": list(self._ids)}
        return query

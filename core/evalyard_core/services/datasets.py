"""Datasets and items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import AttachedEvaluator, Dataset, Item
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.evaluators import Threshold, VariableMapping
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import MOST_ITEMS_A_CALL, check_count, check_name, check_tags, check_text
from evalyard_core.domain.payload import dump_json, now
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

from .adding import Adding, NewItem, PutItems, check_case, checked, redacted_changes, redacted_items
from .evaluators import EvaluatorService
from .redacting import redacted, rules_of
from .schemas import check_schema, violations

__all__ = ["DatasetService", "NewItem"]


class DatasetService:
    """Keeps datasets and the versions of their items."""

    def __init__(self, store: Store, evaluators: EvaluatorService) -> None:
        self._store = store
        self._evaluators = evaluators

    async def create(
        self,
        *,
        actor: Actor,
        project_id: str,
        name: str,
        description: str = "",
        tags: Sequence[str] | None = None,
        input_schema: Any = None,
    ) -> Dataset:
        """Create an empty dataset at version 0."""
        actor.require(project_id, Role.EDITOR, field="input.projectId")
        if await self._store.projects.get(project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        moment = now()
        dataset = Dataset(
            id=new_id(),
            project_id=project_id,
            name=check_name(name, field="input.name"),
            description=check_text(description, field="input.description"),
            tags=check_tags(tags, field="input.tags"),
            input_schema=check_schema(input_schema, field="input.inputSchema"),
            version=0,
            item_count=0,
            next_seq=0,
            evaluators=(),
            created_at=moment,
            updated_at=moment,
        )
        await self._store.datasets.add(dataset)
        return dataset

    async def get(self, *, actor: Actor, dataset_id: str) -> Dataset | None:
        """Return a dataset that the actor sees, or None."""
        return (await self.get_many(actor=actor, ids=[dataset_id])).get(dataset_id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Dataset]:
        """Return those of these datasets that the actor sees, by id."""
        return actor.visible(await self._store.datasets.get_many(ids))

    async def require(self, *, actor: Actor, dataset_id: str, role: Role, field: str) -> Dataset:
        """Return a dataset in which the actor has `role`, or refuse."""
        dataset = await self.get(actor=actor, dataset_id=dataset_id)
        if dataset is None:
            raise NotFound("There is no such dataset.", field=field)
        actor.require_role(role)
        return dataset

    async def update(self, *, actor: Actor, dataset_id: str, changes: Mapping[str, Any]) -> Dataset:
        """Change name, description, tags or input_schema; a new schema is held against items that come later."""
        dataset = await self.require(actor=actor, dataset_id=dataset_id, role=Role.EDITOR, field="id")
        checked: dict[str, Any] = {"updated_at": now()}
        if "name" in changes:
            checked["name"] = check_name(changes["name"], field="input.name")
        if "description" in changes:
            checked["description"] = check_text(changes["description"], field="input.description")
        if "tags" in changes:
            checked["tags"] = check_tags(changes["tags"], field="input.tags")
        if "input_schema" in changes:
            checked["input_schema"] = dump_json(check_schema(changes["input_schema"], field="input.inputSchema"))
        return await self._store.datasets.change(dataset.id, checked) or dataset

    async def delete(self, *, actor: Actor, dataset_id: str) -> None:
        """Remove a dataset and its items; runs over it stay, with what they used."""
        dataset = await self.require(actor=actor, dataset_id=dataset_id, role=Role.ADMIN, field="id")
        await self._store.datasets.delete(dataset.id)
        await self._store.items.delete_of_dataset(dataset.id)

    async def add_items(
        self, *, actor: Actor, dataset_id: str, items: Sequence[NewItem]
    ) -> tuple[Dataset, Sequence[Item]]:
        """Add items as `put_items` does; returns the dataset as it then is, and the items in order."""
        put = await self.put_items(actor=actor, dataset_id=dataset_id, items=items)
        return put.dataset, put.items

    async def put_items(self, *, actor: Actor, dataset_id: str, items: Sequence[NewItem]) -> PutItems:
        """Add items as the next version, all or none; those whose key an item has replace what it holds.

        Where nothing is new and nothing changes, the dataset stays at its version.
        """
        dataset = await self.require(actor=actor, dataset_id=dataset_id, role=Role.EDITOR, field="datasetId")
        return await self.store_items(dataset, checked(items))

    async def store_items(self, dataset: Dataset, items: Sequence[NewItem]) -> PutItems:
        """Add items that were checked; where none is new and none changes, the dataset stays at its version."""
        sent = await redacted(items, await rules_of(self._store, dataset.project_id), redacted_items)
        keys = [item.key for item in sent if item.key is not None]
        ids = [item.id for item in sent if item.id is not None]
        moment = now()

        async def write(session: Session) -> PutItems:
            by_key = await self._store.items.by_key(dataset.id, keys, session=session) if keys else {}
            by_id = await self._store.items.current(ids, session=session) if ids else {}
            adding = Adding(sent, by_key, by_id)
            if adding.unchanged == len(sent):
                there = (await self._store.datasets.get_many([dataset.id], session=session)).get(dataset.id, dataset)
                return PutItems(dataset=there, items=adding.items(there, moment), unchanged=len(sent))
            # Another caller who adds at the same time makes this a write conflict, and all of it is done again.
            grown = await self._store.datasets.advance(
                dataset.id, added=adding.news, removed=0, at=moment, session=session
            )
            if grown is None:
                raise NotFound("There is no such dataset.", field="datasetId")
            put = adding.items(grown, moment)
            await self._store.items.put([item for item in put if item.since == grown.version], session=session)
            return PutItems(dataset=grown, items=put, updated=adding.updated, unchanged=adding.unchanged)

        return await self._store.transaction(write)

    async def update_item(self, *, actor: Actor, item_id: str, changes: Mapping[str, Any]) -> Item:
        """Change an item from the next version on; earlier versions keep it as it was."""
        item = await self.require_item(actor=actor, item_id=item_id)
        if changes.get("input", item.input) is None:
            raise BadInput("An item needs an input.", field="input.input")
        changes = await redacted(changes, await rules_of(self._store, item.project_id), redacted_changes)
        if "tags" in changes:
            changes = {**changes, "tags": check_tags(changes["tags"], field="input.tags")}
        moment = now()

        async def write(session: Session) -> Item:
            dataset = await self._store.datasets.advance(
                item.dataset_id, added=0, removed=0, at=moment, session=session
            )
            found = await self._store.items.current([item.id], session=session)
            if dataset is None or item.id not in found:
                raise NotFound("There is no such item in the newest version.", field="id")
            changed = replace(found[item.id], **changes, since=dataset.version, updated_at=moment)
            check_case(changed, field="input")
            changed = replace(changed, validation_errors=violations(dataset.input_schema, changed.input))
            await self._store.items.revise(changed, session=session)
            return changed

        return await self._store.transaction(write)

    async def delete_items(self, *, actor: Actor, item_ids: Sequence[str]) -> Dataset:
        """Remove items of one dataset from the next version on; earlier versions keep them."""
        check_count(item_ids, MOST_ITEMS_A_CALL, field="ids")
        unique = list(dict.fromkeys(item_ids))
        found = await self._store.items.current(unique)
        visible = {item.id: item for item in found.values() if actor.sees(item.project_id)}
        for index, identifier in enumerate(item_ids):
            if identifier not in visible:
                raise NotFound("There is no such item in the newest version.", field=f"ids[{index}]")
        actor.require_role(Role.EDITOR)
        datasets = {item.dataset_id for item in visible.values()}
        if len(datasets) != 1:
            raise BadInput("Name the items of one dataset, at least one.", field="ids")
        return await self._retire(datasets.pop(), unique)

    async def _retire(self, dataset_id: str, item_ids: Sequence[str]) -> Dataset:
        async def write(session: Session) -> Dataset:
            dataset = await self._store.datasets.advance(
                dataset_id, added=0, removed=len(item_ids), at=now(), session=session
            )
            still = await self._store.items.current(item_ids, session=session)
            if dataset is None or len(still) != len(item_ids):
                raise Conflict("Somebody else has just removed some of these items; read them again.", field="ids")
            await self._store.items.retire(item_ids, since=dataset.version, session=session)
            return dataset

        return await self._store.transaction(write)

    async def require_item(self, *, actor: Actor, item_id: str) -> Item:
        """Return an item that the actor may change, or refuse."""
        item = (await self.get_items(actor=actor, ids=[item_id])).get(item_id)
        if item is None:
            raise NotFound("There is no such item.", field="id")
        actor.require_role(Role.EDITOR)
        return item

    async def get_items(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Item]:
        """Return the newest revisions of those of these items that the actor sees, by id."""
        return actor.visible(await self._store.items.get_many(ids))

    async def attach(
        self,
        *,
        actor: Actor,
        dataset_id: str,
        evaluator_id: str,
        mapping: Sequence[VariableMapping],
        threshold: Threshold | None,
    ) -> Dataset:
        """Use an evaluator in future runs of the dataset; attaching again replaces mapping and threshold."""
        dataset = await self.require(actor=actor, dataset_id=dataset_id, role=Role.EDITOR, field="datasetId")
        evaluator = await self._evaluators.get(actor=actor, evaluator_id=evaluator_id)
        if evaluator is None or evaluator.project_id != dataset.project_id:
            raise NotFound("There is no such evaluator.", field="evaluatorId")
        await self._evaluators.check_attachment(evaluator, mapping, threshold)
        kept = tuple(entry for entry in dataset.evaluators if entry.evaluator_id != evaluator_id)
        entry = AttachedEvaluator(evaluator_id=evaluator_id, mapping=tuple(mapping), threshold=threshold)
        return await self._set_evaluators(dataset, (*kept, entry))

    async def detach(self, *, actor: Actor, dataset_id: str, evaluator_id: str) -> Dataset:
        """Use an evaluator no longer."""
        dataset = await self.require(actor=actor, dataset_id=dataset_id, role=Role.EDITOR, field="datasetId")
        kept = tuple(entry for entry in dataset.evaluators if entry.evaluator_id != evaluator_id)
        if len(kept) == len(dataset.evaluators):
            raise NotFound("This evaluator is not attached to the dataset.", field="evaluatorId")
        return await self._set_evaluators(dataset, kept)

    async def _set_evaluators(self, dataset: Dataset, evaluators: tuple[AttachedEvaluator, ...]) -> Dataset:
        changed = await self._store.datasets.set_evaluators(dataset, evaluators, at=now())
        if changed is None:
            raise Conflict("Somebody else has just changed this dataset's evaluators; try again.", field="datasetId")
        return changed

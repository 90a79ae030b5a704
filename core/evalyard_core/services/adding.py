"""Items as they come in: what is new, what changes an item that has their key, and what is there already."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from evalyard_core.domain.datasets import Dataset, Item, ItemSource
from evalyard_core.domain.errors import BadInput, LimitExceeded
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import MOST_ITEMS_A_CALL, check_count, check_name, check_tags
from evalyard_core.domain.payload import check_together
from evalyard_core.domain.redaction import Redactor

from .schemas import violations

_MOST_BYTES_A_CALL: Final = 48 * 1024 * 1024
#: What rules of redaction hold for, by the names of an item's fields.
_PARTS: Final = {"input": "input", "expected_output": "expectedOutput", "metadata": "metadata"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item as it comes in; one with a `key` takes the place of the item that has it.

    One with an id of its own is added once: where the newest version has it, it stays as it is.
    """

    input: Any
    expected_output: Any = None
    metadata: Any = None
    tags: Sequence[str] | None = None
    source: ItemSource = ItemSource.API
    key: str | None = None
    id: str | None = None
    source_trace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutItems:
    """A dataset with the items that were sent, in their order: new ones, changed ones, and those that were there."""

    dataset: Dataset
    items: Sequence[Item]
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Adding:
    """Items on their way into a dataset, and the current items that have their keys or their ids."""

    sent: Sequence[NewItem]
    by_key: Mapping[str, Item]
    by_id: Mapping[str, Item]

    @property
    def news(self) -> int:
        """How many of them are new."""
        return sum(self._there(item) is None for item in self.sent)

    @property
    def unchanged(self) -> int:
        """How many of them say nothing new."""
        return sum(self._is_as_sent(item) for item in self.sent)

    @property
    def updated(self) -> int:
        """How many of them change an item."""
        return len(self.sent) - self.news - self.unchanged

    def items(self, dataset: Dataset, at: datetime) -> list[Item]:
        """Return the items of the version that `dataset` is at, in the order in which they were sent."""
        seq = dataset.next_seq - self.news
        items = []
        for sent in self.sent:
            there = self._there(sent)
            if there is None:
                items.append(_new(sent, dataset, seq, at))
                seq += 1
            else:
                items.append(there if self._is_as_sent(sent) else _changed(there, sent, dataset, at))
        return items

    def _there(self, sent: NewItem) -> Item | None:
        if sent.id is not None:
            return self.by_id.get(sent.id)
        return None if sent.key is None else self.by_key.get(sent.key)

    def _is_as_sent(self, sent: NewItem) -> bool:
        there = self._there(sent)
        return there is not None and (sent.id is not None or _content(there) == _content(sent))


def checked(items: Sequence[NewItem]) -> list[NewItem]:
    """Return items with clean keys and tags, or refuse the first that can't be added."""
    if not items:
        raise BadInput("Send at least one item.", field="items")
    check_count(items, MOST_ITEMS_A_CALL, field="items")
    clean = [_checked(item, field=f"items[{index}]") for index, item in enumerate(items)]
    _check_keys(clean)
    total = sum(check_case(item, field=f"items[{index}]") for index, item in enumerate(clean))
    if total > _MOST_BYTES_A_CALL:
        raise LimitExceeded(
            f"These items have {total:,} bytes; send at most {_MOST_BYTES_A_CALL:,} in one call.", field="items"
        )
    return clean


def check_case(case: NewItem | Item, *, field: str) -> int:
    """Return how many bytes an item has, or refuse what is no JSON or too much of it."""
    return check_together(
        {
            f"{field}.input": case.input,
            f"{field}.expectedOutput": case.expected_output,
            f"{field}.metadata": case.metadata,
        }
    )


def redacted_items(items: Sequence[NewItem], redactor: Redactor) -> Sequence[NewItem]:
    """Return items without what must not be stored."""
    return [
        replace(item, **redacted_changes({name: getattr(item, name) for name in _PARTS}, redactor)) for item in items
    ]


def redacted_changes(changes: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any]:
    """Return changes of an item, by its fields, without what must not be stored."""
    return {
        name: redactor.value(value, path=_PARTS[name]) if name in _PARTS else value for name, value in changes.items()
    }


def _checked(item: NewItem, *, field: str) -> NewItem:
    if item.input is None:
        raise BadInput("An item needs an input.", field=f"{field}.input")
    key = None if item.key is None else check_name(item.key, field=f"{field}.key")
    return replace(item, key=key, tags=check_tags(item.tags, field=f"{field}.tags"))


def _check_keys(items: Sequence[NewItem]) -> None:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        if item.key is not None and first.setdefault(item.key, index) != index:
            raise BadInput(
                f"items[{first[item.key]}] has the key {item.key!r} already; send each key once.",
                field=f"items[{index}].key",
            )


def _new(sent: NewItem, dataset: Dataset, seq: int, at: datetime) -> Item:
    return Item(
        id=sent.id or new_id(),
        dataset_id=dataset.id,
        project_id=dataset.project_id,
        seq=seq,
        since=dataset.version,
        input=sent.input,
        expected_output=sent.expected_output,
        metadata=sent.metadata,
        tags=tuple(sent.tags or ()),
        source=sent.source,
        validation_errors=violations(dataset.input_schema, sent.input),
        created_at=at,
        updated_at=at,
        key=sent.key,
        source_trace_id=sent.source_trace_id,
    )


def _changed(there: Item, sent: NewItem, dataset: Dataset, at: datetime) -> Item:
    return replace(
        there,
        since=dataset.version,
        input=sent.input,
        expected_output=sent.expected_output,
        metadata=sent.metadata,
        tags=tuple(sent.tags or ()),
        source=sent.source,
        validation_errors=violations(dataset.input_schema, sent.input),
        updated_at=at,
    )


def _content(case: NewItem | Item) -> tuple[object, ...]:
    """Return what makes two items equal; as JSON, for which 1 is not true."""
    payloads = (case.input, case.expected_output, case.metadata)
    return (*(json.dumps(part, sort_keys=True) for part in payloads), tuple(case.tags or ()))

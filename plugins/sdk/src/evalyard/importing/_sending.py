"""Items on their way into a dataset: in calls of a size that the server takes, one version of the dataset each."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from evalyard.client import Refused

from ._items import NumberedItem
from ._rows import BadRow

_MOST_ITEMS: Final = 1_000
_MOST_BYTES: Final = 4 * 1024 * 1024
#: The place of what was refused, in the field of a refusal.
OF_ENTRY: Final = re.compile(r"(?:items|records)\[(\d+)\]")

ADD_ITEMS: Final = """
mutation ImportItems($dataset: ID!, $items: [DatasetItemInput!]!) {
  addDatasetItems(datasetId: $dataset, items: $items) {
    updated unchanged
    dataset { version itemCount }
    items { id key }
  }
}
"""


class Asks(Protocol):
    """What a client can do for an import."""

    def execute(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation."""


@dataclass(slots=True)
class Report:
    """What became of a file's rows; `version` is the dataset's newest, None where nothing was sent."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    version: int | None = None
    ids: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def done(self) -> int:
        """How many rows there were."""
        return self.added + self.updated + self.unchanged + self.rejected

    def __str__(self) -> str:
        """Say it in a line."""
        counts = {"added": self.added, "updated": self.updated, "unchanged": self.unchanged, "rejected": self.rejected}
        said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        return said if self.version is None else f"{said}; the dataset is at version {self.version}"


def send_items(
    client: Asks,
    dataset_id: str,
    items: Iterable[NumberedItem | BadRow],
    *,
    reject: Callable[[BadRow], None],
    show: Callable[[Report], object] = id,
    keep_ids: bool = False,
) -> Report:
    """Put items into a dataset; each that is none, or that the server refuses, is told to `reject`.

    May be called again with the same items, after an interruption for instance: what is there already stays. With
    `keep_ids` the report has the server's id of each item by its key.
    """
    report = Report()

    def refuse(bad: BadRow) -> None:
        report.rejected += 1
        reject(bad)

    for batch in _batches(items, refuse):
        _send(client, dataset_id, batch, report, refuse, keep_ids=keep_ids)
        show(report)
    return report


def _batches(items: Iterable[NumberedItem | BadRow], refuse: Callable[[BadRow], None]) -> Iterator[list[NumberedItem]]:
    batch: list[NumberedItem] = []
    size = 0
    for entry in items:
        if isinstance(entry, BadRow):
            refuse(entry)
            continue
        length = len(json.dumps(entry.item))
        if batch and (len(batch) == _MOST_ITEMS or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def _send(
    client: Asks,
    dataset_id: str,
    batch: list[NumberedItem],
    report: Report,
    refuse: Callable[[BadRow], None],
    *,
    keep_ids: bool,
) -> None:
    """Send a batch, without the item that the server refuses as long as it refuses one."""
    while batch:
        try:
            answer = client.execute(ADD_ITEMS, dataset=dataset_id, items=[entry.item for entry in batch])
        except Refused as error:
            named = OF_ENTRY.match(error.field or "")
            if named is None:
                raise
            bad = batch.pop(int(named[1]))
            refuse(BadRow(bad.line, f"is refused by the server: {error}", bad.item))
        else:
            _count(report, answer["addDatasetItems"], keep_ids=keep_ids)
            return


def _count(report: Report, put: dict[str, Any], *, keep_ids: bool) -> None:
    report.updated += put["updated"]
    report.unchanged += put["unchanged"]
    report.added += len(put["items"]) - put["updated"] - put["unchanged"]
    report.version = put["dataset"]["version"]
    if keep_ids:
        report.ids |= {item["key"]: item["id"] for item in put["items"]}

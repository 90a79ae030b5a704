"""What a system is run over: the items of a dataset, or inputs that are given, once a trial."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ._errors import ClientError
from ._operations import ITEMS, PLANNED
from ._transport import Transport

_PAGE: Final = 100
_FIELDS: Final = frozenset({"input", "expected_output", "metadata"})


@dataclass(frozen=True, slots=True)
class Case:
    """One input for one trial; `item_id` is None where it is no item of a dataset."""

    input: Any
    expected_output: Any = None
    metadata: Any = None
    item_id: str | None = None
    trial: int = 1

    @property
    def key(self) -> str:
        """What tells this case from the others of its run, whichever process looks at it."""
        return case_key(self.item_id, self.input, self.trial)


@dataclass(frozen=True, slots=True)
class Context:
    """What a system's function is told of its case, as its second argument.

    `trace_id` is that of the spans which the function and what it calls record, where OpenTelemetry is installed.
    """

    run_id: str
    trial: int
    item_id: str | None
    metadata: Any
    trace_id: str | None


def case_key(item_id: str | None, input: Any, trial: int) -> str:
    """Return the key of a case."""
    text = item_id or hashlib.sha256(json.dumps(input, sort_keys=True).encode()).hexdigest()
    return f"{text}.{trial}"


async def planned_cases(transport: Transport, run_id: str) -> AsyncIterator[Case]:
    """Yield the cases of the records that a run has from its start, as runs that a target dispatched do."""
    after: str | None = None
    while True:
        page = (await transport.ask(PLANNED, {"id": run_id, "first": _PAGE, "after": after}))["run"]["records"]
        for edge in page["edges"]:
            record = edge["node"]
            yield Case(
                input=record["input"],
                expected_output=record["expectedOutput"],
                metadata=record["metadata"],
                item_id=record["item"]["id"] if record["item"] else None,
                trial=record["trial"],
            )
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def check_items(items: Sequence[Any]) -> None:
    """Raise ClientError for an item that has a field of its own."""
    for place, item in enumerate(items):
        if unknown := sorted(map(str, set(_fields(item)) - _FIELDS)):
            raise ClientError(
                f"Item {place + 1} has the field {unknown[0]!r}; an item has input, expected_output and metadata."
            )


async def given_cases(items: Sequence[Any], trials: int) -> AsyncIterator[Case]:
    """Yield the cases of inputs that are given: mappings with an "input", or the inputs themselves."""
    for item in items:
        for trial in range(1, trials + 1):
            yield Case(**_fields(item), trial=trial)


def _fields(item: Any) -> dict[str, Any]:
    return dict(item) if isinstance(item, Mapping) and "input" in item else {"input": item}


async def dataset_cases(transport: Transport, dataset_id: str, version: int, trials: int) -> AsyncIterator[Case]:
    """Yield the cases of a dataset's version, read a page at a time."""
    after: str | None = None
    while True:
        variables = {"id": dataset_id, "version": version, "first": _PAGE, "after": after}
        page = (await transport.ask(ITEMS, variables))["dataset"]["items"]
        for edge in page["edges"]:
            item = edge["node"]
            for trial in range(1, trials + 1):
                yield Case(
                    input=item["input"],
                    expected_output=item["expectedOutput"],
                    metadata=item["metadata"],
                    item_id=item["id"],
                    trial=trial,
                )
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]

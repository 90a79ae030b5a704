"""What a tool's file holds: the cases of a dataset, or runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evalyard.importing._items import NumberedItem, ReadItem, read_items
from evalyard.importing._results import ToolRun
from evalyard.importing._rows import BadRow, Row


@dataclass(frozen=True, slots=True)
class ToolDataset:
    """Cases that a tool has left behind. `rows` yields them from the first one on, as often as it is called."""

    tool: str
    name: str
    rows: Callable[[], Iterator[Row | BadRow]]
    read: ReadItem

    def items(self, tags: Sequence[str] = ()) -> Iterator[NumberedItem | BadRow]:
        """Yield the items, each with `tags` beside its own."""
        return read_items(self.rows(), self.read, tags=tags)


Found: TypeAlias = ToolDataset | list[ToolRun]

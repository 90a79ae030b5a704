"""What was worked out of ended runs, kept in memory while there is room."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeAlias, TypeVar

from evalyard_core.domain.runs import Run

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: A run as it stood. Its revision grows with whatever changes an ended run or its records: being carried out or scored
#: again, and scores that people give.
RunState: TypeAlias = tuple[str, int]


def state_of(run: Run) -> RunState:
    """Return what a run's results are kept under."""
    return run.id, run.revision


class Kept(Generic[K, V]):
    """Values by key; those that were not wanted for the longest time give way to new ones."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return a value that is still there."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def keep(self, key: K, value: V, *, size: int = 1) -> None:
        """Keep a value that takes so much of the room; one that is larger than all of it is let go at once."""
        self._forget(key)
        self._values[key] = (value, size)
        self._room -= size
        while self._room < 0:
            self._forget(next(iter(self._values)))

    def _forget(self, key: K) -> None:
        if key in self._values:
            _, size = self._values.pop(key)
            self._room += size

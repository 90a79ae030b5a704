"""What an evaluator did to the process that it ran in: one that hangs again and again is left alone for a while."""

from collections import OrderedDict
from time import monotonic
from typing import Final

#: After so many in a row that hung or ended their process, the next is tried half a minute later.
MOST_IN_A_ROW: Final = 3
_PAUSE_SECONDS: Final = 30.0
#: Far more than are used at a time; what is forgotten has been quiet for longest.
_MOST_KEPT: Final = 1_000


class NotTried(Exception):
    """An evaluator was not called, since it hung or crashed time and again; the message says so."""


class Trouble:
    """Counts the times in a row that one evaluator hung or crashed."""

    def __init__(self, key: str) -> None:
        self.key = key
        #: Whether it hung in the worker's own process: it is run in another one from then on.
        self.hung_here = False
        self._in_a_row = 0
        self._until = 0.0

    @property
    def is_left_alone(self) -> bool:
        """Whether it is not to be called now."""
        return monotonic() < self._until

    def note(self, *, hung_here: bool = False) -> None:
        """Count one more."""
        self.hung_here = self.hung_here or hung_here
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            self._until = monotonic() + _PAUSE_SECONDS

    def is_over(self) -> None:
        """Forget what was: it gave a score."""
        self._in_a_row = 0
        self._until = 0.0

    def not_tried(self) -> NotTried:
        """Return why it is not called."""
        return NotTried(
            f"{self.key} was not called: it hung or crashed {self._in_a_row} times in a row, "
            f"and is tried again in {max(1.0, self._until - monotonic()):.0f} s."
        )


class Troubles:
    """The troubles of a worker process's evaluators: of those that were used last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], Trouble] = OrderedDict()

    def of(self, plugin: str, *config: str) -> Trouble:
        """Return the trouble of an evaluator; it is the same for a plugin with the same config and version."""
        name = (plugin, *config)
        trouble = self._kept.setdefault(name, Trouble(plugin))
        self._kept.move_to_end(name)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return trouble

    def has_hung_here(self, plugin: str) -> bool:
        """Tell whether an evaluator of this plugin hung in the worker's own process."""
        return any(trouble.hung_here for (key, *_), trouble in self._kept.items() if key == plugin)

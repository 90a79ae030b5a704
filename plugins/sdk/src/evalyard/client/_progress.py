"""Showing how a run gets on: a bar in a terminal or a notebook, a line now and then anywhere else."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Protocol, Self

from ._origin import is_ci

_SECONDS_BETWEEN_LINES: Final = 15.0


class Progress(Protocol):
    """What is told how a run gets on."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, state: Mapping[str, Any]) -> None:
        """Show a run's progress as the server tells it."""


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def show(self, state: Mapping[str, Any]) -> None:
        """Show nothing."""


class Lines(Silence):
    """Writes a line to stderr every quarter of a minute, so that a CI log shows that there is life, and no more."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = time.monotonic() + _SECONDS_BETWEEN_LINES

    def show(self, state: Mapping[str, Any]) -> None:
        """Write a line where it is time for one."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS_BETWEEN_LINES
        print(f"evalyard: {self._name}: {in_words(state)}", file=sys.stderr, flush=True)  # noqa: T201 - a log line


class Bar:
    """A bar by rich, which knows terminals and notebooks."""

    def __init__(self, name: str) -> None:
        from rich.console import Console  # noqa: PLC0415 - those who show nothing need not load it
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        self._bar = RichProgress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(name, total=None, words="")

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        self._bar.stop()

    def show(self, state: Mapping[str, Any]) -> None:
        """Draw the bar anew."""
        self._bar.update(self._task, total=state["total"] or None, completed=state["completed"], words=_verdicts(state))


def progress(name: str, *, wanted: bool | None) -> Progress:
    """Return what shows the progress of a run; where it is not said whether to, a bar where somebody can see one."""
    if wanted is False:
        return Silence()
    seen = sys.stderr.isatty() or _in_notebook()
    return Bar(name) if seen and not is_ci() else Lines(name)


def in_words(state: Mapping[str, Any]) -> str:
    """Return a run's progress in a phrase."""
    return f"{state['completed']:,} of {state['total']:,} records done, {_verdicts(state)}"


def _verdicts(state: Mapping[str, Any]) -> str:
    return f"{state['passed']:,} passed, {state['failed']:,} failed, {state['errored']:,} errored"


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules

"""Showing how far an import has come: a bar in a terminal, a line now and then anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ._opening import Source
from ._sending import Report

_SECONDS_BETWEEN_LINES: Final = 15.0


@contextmanager
def showing(source: Source) -> Iterator[Callable[[Report], None]]:
    """Yield what is called with the report as it grows."""
    if sys.stderr.isatty():
        with _bar(source) as show:
            yield show
    else:
        yield _lines(source)


def _lines(source: Source) -> Callable[[Report], None]:
    due = time.monotonic() + _SECONDS_BETWEEN_LINES

    def show(report: Report) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + _SECONDS_BETWEEN_LINES
            read = source.position / max(source.size, 1)
            print(f"evalyard: {report.done:,} rows, {read:.0%} of the file", file=sys.stderr, flush=True)  # noqa: T201

    return show


@contextmanager
def _bar(source: Source) -> Iterator[Callable[[Report], None]]:
    from rich.console import Console  # noqa: PLC0415 - those who show nothing need not load it
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(source.path.name, total=source.size or None, words="")
        yield lambda report: bar.update(task, completed=source.position, words=f"{report.done:,} rows")

"""Showing what the server said: tables for people, JSON for machines."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Entry: TypeAlias = Mapping[str, Any]

_COLOURS: Final = {
    **dict.fromkeys(("COMPLETED", "BETTER", "AVAILABLE", "passed"), "green"),
    **dict.fromkeys(("FAILED", "WORSE", "BROKEN", "failed"), "red"),
    **dict.fromkeys(("CANCELLED", "OFFLINE"), "yellow"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a line of a single object: its title, and what stands there of an entry."""

    title: str
    read: Callable[[Entry], Any]
    justify: Literal["left", "right"] = "left"


def field(path: str, title: str | None = None) -> Column:
    """Return the column of a field by its path, `dataset.name` for instance, titled as its first part."""
    parts = path.split(".")

    def read(entry: Entry) -> Any:
        value: Any = entry
        for part in parts:
            value = None if value is None else value[part]
        return value

    return Column(title or parts[0], read)


def figure(path: str, title: str, show: Callable[[Any], str] = str) -> Column:
    """Return the column of a number."""
    read = field(path).read
    return Column(title, lambda entry: None if read(entry) is None else show(read(entry)), "right")


def percent(value: float) -> str:
    """Return a rate as a person reads it."""
    return f"{value:.1%}"


def moment(path: str, title: str) -> Column:
    """Return the column of a moment, to the minute, in the terminal's time zone."""
    read = field(path).read

    def shown(entry: Entry) -> str | None:
        value = read(entry)
        return value and f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}"

    return Column(title, shown)


def show_list(entries: Sequence[Entry], columns: Sequence[Column], *, as_json: bool, nothing: str = "None.") -> None:
    """Print entries, a row each, or all that is known of them as a JSON array."""
    if as_json:
        print_json(list(entries))
    elif not entries:
        typer.echo(nothing, err=True)
    else:
        from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - see `_console`
        from rich.table import Table  # noqa: PLC0415

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(column.title, justify=column.justify, overflow="fold")
        for entry in entries:
            table.add_row(*(_cell(column.read(entry)) for column in columns))
        _console().print(table)


def show_one(entry: Entry, lines: Sequence[Column], *, as_json: bool) -> None:
    """Print one object, a line for each thing that is known of it, or all as a JSON object."""
    if as_json:
        print_json(entry)
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table.grid("title", "value", padding=(0, 2))
    for line in lines:
        value = line.read(entry)
        if value not in (None, "", []):
            table.add_row(f"[bold]{line.title}[/bold]", _cell(value))
    _console().print(table)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def plain(text: str) -> str:
    """Return a text of somebody else's without what would steer the terminal."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _cell(value: Any) -> Any:
    from rich.text import Text  # noqa: PLC0415

    text = _words(value)
    return Text(plain(text), style=_COLOURS.get(text, ""))


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _console() -> "Console":
    # The help is shown without rich.
    from rich.console import Console  # noqa: PLC0415

    # What reads from a pipe wants lines whole.
    return Console() if sys.stdout.isatty() else Console(width=240)

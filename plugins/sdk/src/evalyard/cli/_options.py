"""Options that several commands have."""

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._exits import ExitCode, leave

if TYPE_CHECKING:
    from collections.abc import Iterator

Search = Annotated[str | None, typer.Option(help="Only those with this in their name.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to show at most.")]
Description = Annotated[str, typer.Option(help="What it is for.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be given several times.")]


def first(entries: "Iterator[dict[str, Any]]", limit: int) -> list[dict[str, Any]]:
    """Return as many entries as are to be shown; no more pages are read."""
    return list(islice(entries, limit))


def read_json(given: str | None, option: str) -> Any:
    """Return the value of an option that is JSON, or @FILE with JSON in it; None without one."""
    if given is None:
        return None
    try:
        return json.loads(Path(given[1:]).read_text("utf-8") if given.startswith("@") else given)
    except OSError as error:
        raise leave(ExitCode.USAGE, f"{option}: {error.filename} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise leave(ExitCode.USAGE, f"{option} is no JSON: {error}.") from error


def pairs(given: list[str] | None, option: str) -> list[tuple[str, str]]:
    """Return the values of an option that is NAME=VALUE."""
    split = [entry.partition("=") for entry in given or []]
    if wrong := [name for name, sign, value in split if not (name and sign and value)]:
        raise leave(ExitCode.USAGE, f"{option} {wrong[0]!r} is not NAME=VALUE.")
    return [(name, value) for name, _, value in split]

"""What the commands that import have in common: options, the connection, asking first, and what they end with."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ._exits import ExitCode, leave
from ._rendering import plain
from ._session import opened

if TYPE_CHECKING:
    from evalyard.client import Client
    from evalyard.importing import Rejects

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be imported, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before what was guessed is done.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Read all of the file first, and import nothing where a row is bad.")
]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Where rejected rows go, as JSON Lines; to stderr without it."),
]
Tag = Annotated[list[str] | None, typer.Option("--tag", help="A tag of every item; may be given several times.")]

_LONGEST_SHOWN: Final = 400


@contextmanager
def connected() -> Iterator["Client"]:
    """Give a client; what goes wrong ends the command with a sentence and its exit code."""
    with opened() as session:
        yield session.client


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what can't be imported into a sentence and exit code 2."""
    from evalyard.importing import CannotImport  # noqa: PLC0415

    try:
        yield
    except CannotImport as error:
        raise leave(ExitCode.USAGE, str(error)) from error


def show(lines: Iterable[str], items: Iterable[Any]) -> None:
    """Print what is going to be done, and the first items."""
    for line in lines:
        typer.echo(plain(line))
    for item in items:
        text = json.dumps(item, ensure_ascii=False)
        typer.echo(f"  {plain(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + ' …')}")


def agree(*, yes: bool, guessed: bool) -> None:
    """Ask whether to go on; where nobody can answer, refuse to go by a guess."""
    if yes:
        return
    if sys.stdin.isatty():
        typer.confirm("Import it?", default=True, abort=True)
    elif guessed:
        raise leave(
            ExitCode.USAGE, "Nobody is there to say whether the guess is right: pass --map, or --yes to go by it."
        )


def end(rejects: "Rejects") -> None:
    """Exit with 2 where rows were rejected: not all of the file has been imported."""
    if not rejects.count:
        return
    where = f"see {rejects.path}" if rejects.path else "the reasons are above"
    raise leave(ExitCode.USAGE, f"{rejects.count:,} rows were not imported; {where}.")


def check_all(entries: Iterable[Any], rejects: "Rejects") -> None:
    """Read everything, and stop where a row is bad."""
    from evalyard.importing import BadRow  # noqa: PLC0415

    for entry in entries:
        if isinstance(entry, BadRow):
            rejects.add(entry)
    if rejects.count:
        raise leave(ExitCode.USAGE, f"{rejects.count:,} rows are bad, so that nothing was imported.")

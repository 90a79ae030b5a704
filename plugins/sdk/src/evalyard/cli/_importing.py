"""What the commands that import have in common: options, the connection, asking first, and what they end with."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

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

_USAGE: Final = 2
_NOT_DONE: Final = 3
_LONGEST_SHOWN: Final = 400


def stop(sentence: str, code: int = _USAGE) -> typer.Exit:
    """Say why on stderr, and return what to raise."""
    typer.echo(f"evalyard: {sentence}", err=True)
    return typer.Exit(code)


@contextmanager
def connected() -> Iterator["Client"]:
    """Give a client; what goes wrong ends the command with a sentence, and 3 where the server can't be asked."""
    # The help must not wait for what only the commands need.
    from evalyard.client import Client, ClientError, NotLoggedIn, Unreachable  # noqa: PLC0415

    try:
        with refusals(), Client(tries=4) as client:
            yield client
    except (NotLoggedIn, Unreachable) as error:
        raise stop(str(error), _NOT_DONE) from error
    except ClientError as error:
        raise stop(str(error)) from error


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what can't be imported into a sentence and exit code 2."""
    from evalyard.importing import CannotImport  # noqa: PLC0415

    try:
        yield
    except CannotImport as error:
        raise stop(str(error)) from error


def show(lines: Iterable[str], items: Iterable[Any]) -> None:
    """Print what is going to be done, and the first items."""
    for line in lines:
        typer.echo(_printable(line))
    for item in items:
        text = json.dumps(item, ensure_ascii=False)
        typer.echo(f"  {_printable(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + ' …')}")


def agree(*, yes: bool, guessed: bool) -> None:
    """Ask whether to go on; where nobody can answer, refuse to go by a guess."""
    if yes:
        return
    if sys.stdin.isatty():
        typer.confirm("Import it?", default=True, abort=True)
    elif guessed:
        raise stop("Nobody is there to say whether the guess is right: pass --map, or --yes to go by it.")


def end(rejects: "Rejects") -> None:
    """Exit with 2 where rows were rejected: not all of the file has been imported."""
    if not rejects.count:
        return
    where = f"see {rejects.path}" if rejects.path else "the reasons are above"
    raise stop(f"{rejects.count:,} rows were not imported; {where}.")


def check_all(entries: Iterable[Any], rejects: "Rejects") -> None:
    """Read everything, and stop where a row is bad."""
    from evalyard.importing import BadRow  # noqa: PLC0415

    for entry in entries:
        if isinstance(entry, BadRow):
            rejects.add(entry)
    if rejects.count:
        raise stop(f"{rejects.count:,} rows are bad, so that nothing was imported.")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)

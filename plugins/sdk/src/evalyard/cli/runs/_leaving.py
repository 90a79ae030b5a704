"""`evalyard runs export` and `open`: a run in a file, and in a browser."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import typer

from evalyard.cli._examples import examples
from evalyard.cli._exits import ExitCode, leave
from evalyard.cli._lookup import find_run
from evalyard.cli._session import opened
from evalyard.cli.operations import runs as operations

from ._columns import RunArgument


@examples("evalyard runs export 2 --output run.csv", "evalyard runs export 2 --format jsonl --output run.jsonl")
def export(
    run: RunArgument,
    *,
    format: Annotated[Literal["csv", "jsonl", "parquet"], typer.Option(help="The form of the file.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; stdout without it.")] = None,
) -> None:
    """Write all records of a run with their scores; a file that breaks off half way is removed."""
    with opened() as session:
        found = find_run(session, run)
        address = session.ask(operations.EXPORT, id=found["id"], format=format.upper())["exportUrl"]
        try:
            with nullcontext(typer.get_binary_stream("stdout")) if output is None else _new(output) as to:
                for part in session.client.download(address):
                    to.write(part)
        except OSError as error:
            raise leave(ExitCode.USAGE, f"{output or 'stdout'} can't be written: {error.strerror}.") from error
        except BaseException:
            if output is not None:
                output.unlink(missing_ok=True)
            raise
    if output is not None:
        typer.echo(f"Run {found['number']} is in {output}.", err=True)


@examples("evalyard runs open 1 --print")
def open_page(
    run: RunArgument,
    *,
    only_print: Annotated[bool, typer.Option("--print", help="Print the address instead.")] = False,
) -> None:
    """Open a run in the browser."""
    with opened() as session:
        address = session.client.run(find_run(session, run)["id"]).url
    if only_print:
        typer.echo(address)
    elif typer.launch(address) != 0:
        raise leave(ExitCode.USAGE, f"No browser could be started; open {address}")


def _new(output: Path) -> BinaryIO:
    return output.open("wb")

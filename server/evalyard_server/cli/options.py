"""What the commands share: their settings, and how they refuse."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError

from evalyard_core.settings import Settings
from evalyard_server.start_error import StartError


def read_settings(**given: object) -> Settings:
    """Return the settings of the environment, with the options that were `given` (not None) above them.

    Raise StartError for a value that no setting can have.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problem = error.errors()[0]
        name = "EVALYARD_" + "_".join(str(part).upper() for part in problem["loc"])
        raise StartError(f"{name} is {problem['input']!r}: {problem['msg'].removeprefix('Value error, ')}.") from error


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a StartError into its sentence on stderr and exit code 1."""
    try:
        yield
    except StartError as error:
        typer.echo(f"evalyard: {error}", err=True)
        raise typer.Exit(1) from error

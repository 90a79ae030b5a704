"""A group `datasets` without commands, to which others are added."""

import typer

app = typer.Typer(help="Datasets.")


@app.callback()
def datasets() -> None:
    """Do something with datasets."""


@app.command()
def nothing() -> None:
    """Do nothing."""

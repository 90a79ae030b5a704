"""`evalyard runs`."""

import typer

from evalyard.cli.gate import gate

from ._acting import cancel, rescore, retry, start
from ._comparing import compare
from ._leaving import export, open_page
from ._looking import list_runs, show, watch

app = typer.Typer(help="Runs: start, follow, compare, judge and export them.", no_args_is_help=True)


@app.callback()
def runs() -> None:
    """Start, follow, compare, judge and export runs. RUN is a number, a name, an id, or `latest`."""


app.command("list")(list_runs)
app.command()(show)
app.command()(start)
app.command()(watch)
app.command()(cancel)
app.command()(retry)
app.command()(rescore)
app.command()(compare)
app.command()(export)
app.command("open")(open_page)
app.command()(gate)

"""`evalyard worker`: the processes that carry runs out."""
# ruff: noqa: PLC0415 - the help must not wait for what only the command needs

from typing import Annotated

import typer


def worker(
    *,
    processes: Annotated[int | None, typer.Option(min=1, max=256, help="Processes; one a core by default.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=512, help="Batches that a process has under way at once; 32 by default.")
    ] = None,
) -> None:
    """Run worker processes. Any number of them, on any number of machines, may share a database and a broker."""
    from evalyard_server.cli.options import read_settings, refusals
    from evalyard_server.worker_process import work

    with refusals():
        work(read_settings(worker_threads=threads), processes=processes)

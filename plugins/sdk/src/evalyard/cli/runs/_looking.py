"""`evalyard runs list`, `show` and `watch`."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from evalyard.cli._deadline import within
from evalyard.cli._examples import examples
from evalyard.cli._exits import ExitCode, leave
from evalyard.cli._lookup import find_dataset, find_run, find_system
from evalyard.cli._options import Limit, Tags, first
from evalyard.cli._rendering import AsJson, show_list, show_one
from evalyard.cli._session import Session, opened
from evalyard.cli._watching import follow
from evalyard.cli.operations import runs as operations

from ._columns import COLUMNS, DETAILS, EVALUATORS, RunArgument

_PAGE: Final = 100


class _Status(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SCORING = "SCORING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@examples("evalyard runs list", "evalyard runs list --dataset support --status COMPLETED --limit 5 --json")
def list_runs(
    *,
    dataset: Annotated[str | None, typer.Option(help="Only those over this dataset.")] = None,
    system: Annotated[str | None, typer.Option(help="Only those of this system.")] = None,
    status: Annotated[list[_Status] | None, typer.Option(help="Only those; may be given several times.")] = None,
    tag: Tags = None,
    search: Annotated[str | None, typer.Option(help="In the names of run, dataset and system.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List the project's runs, newest first."""
    with opened() as session:
        filters: dict[str, Any] = {"search": search, "status": status, "tags": tag}
        if dataset is not None:
            filters["datasetId"] = find_dataset(session, dataset)["id"]
        if system is not None:
            filters["systemId"] = find_system(session, system)["id"]
        wanted = {name: value for name, value in filters.items() if value}
        variables = {"project": session.project_id, "first": min(limit, _PAGE), "filter": wanted}
        found = first(session.nodes(operations.LIST, "runs", **variables), limit)
    show_list(found, COLUMNS, as_json=as_json, nothing="There are no such runs.")


@examples("evalyard runs show 1", "evalyard runs show latest --json")
def show(run: RunArgument, *, as_json: AsJson = False) -> None:
    """Show a run: how it stands, its figures, and what each evaluator made of it."""
    with opened() as session:
        found = session.ask(operations.SHOW, id=find_run(session, run)["id"])
    show_one(found, DETAILS, as_json=as_json)
    if not as_json and found["evaluators"]:
        show_list(found["evaluators"], EVALUATORS, as_json=False)


@examples("evalyard runs watch 2", "evalyard runs watch latest --timeout 600 --json")
def watch(
    run: RunArgument,
    *,
    timeout: Annotated[float | None, typer.Option(min=0, help="Give up after so many seconds.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each change as a line of JSON.")] = False,
) -> None:
    """Follow a run until it has ended; exit with 3 where it failed, was cancelled, or took too long."""

    def work() -> dict[str, Any]:
        with opened() as session:
            return watched(session, find_run(session, run), as_json=as_json)

    ended = within(timeout, work, lambda: f"Run {run} has not ended within {timeout:g} s; it goes on.")
    say_how_it_ended(ended, as_json=as_json)


def watched(session: Session, run: Mapping[str, Any], *, as_json: bool) -> dict[str, Any]:
    """Show how a run gets on until it has ended, and return it."""
    from evalyard.client._progress import progress  # noqa: PLC0415 - the help must not wait for it

    if as_json:
        return follow(session, run["id"], lambda state: typer.echo(json.dumps(state)))
    with progress(run["name"], wanted=None) as shown:
        return follow(session, run["id"], lambda state: shown.show(state["progress"]))


def say_how_it_ended(run: Mapping[str, Any], *, as_json: bool) -> None:
    """Show a run that has ended; raises what ends the command where it did not complete."""
    if not as_json:
        show_one(run, DETAILS, as_json=False)
    if run["status"] != "COMPLETED":
        reason = f": {run['statusReason']}" if run["statusReason"] else ""
        raise leave(ExitCode.NOT_JUDGED, f"Run {run['number']} is {run['status']}{reason}")

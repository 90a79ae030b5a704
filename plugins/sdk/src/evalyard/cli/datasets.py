"""`evalyard datasets`."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from ._examples import examples
from ._exits import ExitCode, leave
from ._lookup import find_dataset, find_evaluator
from ._options import Description, Limit, Search, Tags, first, read_json
from ._rendering import AsJson, Column, field, figure, moment, show_list, show_one
from ._session import opened
from .operations import datasets as operations

app = typer.Typer(help="Datasets: list, look at, create and export them.", no_args_is_help=True)

_Dataset = Annotated[str, typer.Argument(help="The dataset's name or id.")]

_COLUMNS = [
    field("name"),
    figure("itemCount", "items"),
    figure("version", "version"),
    field("tags"),
    moment("updatedAt", "changed"),
    field("id"),
]


@app.callback()
def datasets() -> None:
    """Look at datasets, create them, and export their items."""


@app.command("list")
@examples("evalyard datasets list", "evalyard datasets list --search support --json")
def list_datasets(*, search: Search = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List the project's datasets, oldest first."""
    with opened() as session:
        project = session.project_id
        found = first(session.nodes(operations.LIST, "datasets", project=project, search=search), limit)
    show_list(found, _COLUMNS, as_json=as_json, nothing="There are no such datasets.")


@app.command()
@examples("evalyard datasets show support")
def show(dataset: _Dataset, *, as_json: AsJson = False) -> None:
    """Show a dataset: its size, the evaluators of its runs, and what a run must meet."""
    with opened() as session:
        found = session.ask(operations.SHOW, id=find_dataset(session, dataset)["id"])
    evaluators = Column("evaluators", lambda entry: [used["evaluator"]["name"] for used in entry["evaluators"]])
    policy = Column("gate", lambda entry: _policy(entry["gatePolicy"]))
    show_one(found, [*_COLUMNS, field("description"), evaluators, policy], as_json=as_json)


@app.command()
@examples(
    "evalyard datasets create questions --description 'What customers ask' --tag support",
    "evalyard datasets create graded --evaluator exact",
)
def create(
    name: Annotated[str, typer.Argument(help="Its name.")],
    *,
    description: Description = "",
    tag: Tags = None,
    input_schema: Annotated[
        str | None, typer.Option(help="JSON Schema of its inputs, as JSON or as @FILE.", metavar="JSON")
    ] = None,
    evaluator: Annotated[
        list[str] | None, typer.Option(help="An evaluator that its runs use; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a dataset without items."""
    schema = read_json(input_schema, "--input-schema")
    with opened() as session:
        used = [find_evaluator(session, wanted)["id"] for wanted in evaluator or []]
        new = {"projectId": session.project_id, "name": name, "description": description, "tags": tag or []}
        made = session.ask(operations.CREATE, input=new | ({} if schema is None else {"inputSchema": schema}))
        for identifier in used:
            session.ask(operations.ATTACH, dataset=made["id"], evaluator=identifier)
    show_one(made, _COLUMNS, as_json=as_json)


@app.command()
@examples("evalyard datasets export support --output support.jsonl")
def export(
    dataset: _Dataset,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; stdout without it.")] = None,
    version: Annotated[int | None, typer.Option(min=0, help="A version of the dataset; the newest without it.")] = None,
) -> None:
    """Write the items as JSON Lines: id, input, expectedOutput, metadata and tags of each."""
    with opened() as session:
        found = find_dataset(session, dataset)
        chosen = found["version"] if version is None else version
        count = _write(session.nodes(operations.ITEMS, "items", id=found["id"], version=chosen), output)
    typer.echo(f"{count:,} items of {found['name']}, version {chosen}.", err=True)


def _write(items: Iterable[dict[str, Any]], output: Path | None) -> int:
    """Write items as they come, and return how many they were."""
    count = 0
    try:
        with (
            nullcontext(typer.get_text_stream("stdout")) if output is None else output.open("w", encoding="utf-8") as to
        ):
            for item in items:
                to.write(json.dumps(item, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise leave(ExitCode.USAGE, f"{output or 'stdout'} can't be written: {error.strerror}.") from error
    return count


def _policy(policy: dict[str, Any] | None) -> str | None:
    if policy is None:
        return None
    said = {name: value for name, value in policy.items() if value is not None and name != "evaluators"}
    checks = [f"{name} {value}" for name, value in said.items()]
    return ", ".join([*checks, *([f"{len(policy['evaluators'])} evaluators"] if policy["evaluators"] else [])])

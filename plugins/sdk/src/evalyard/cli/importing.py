"""`evalyard datasets import`: a file of rows into a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._examples import examples
from ._importing import DryRun, RejectsFile, Strict, Tag, Yes, agree, check_all, connected, end, refusals, show

if TYPE_CHECKING:
    from evalyard.importing import Rejects, Table


@examples(
    "evalyard datasets import questions.csv --dataset questions --dry-run",
    "evalyard datasets import questions.csv -d questions --map input=question --map expected_output=answer",
    "evalyard datasets import cases.jsonl -d cases --id-column id --yes --rejects rejected.jsonl",
)
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON, JSON Lines or Parquet.")],
    *,
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="The dataset's name; a new one is created.")],
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="PLACE=COLUMN",
            help="Which column is input, expected_output, metadata.NAME, tags or key; guessed from the names without "
            "it. May be given several times.",
        ),
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="The column that says which item a row is, so that it is updated.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="csv, tsv, json, jsonl or parquet; by the file's name without it.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of a file that is no UTF-8.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Keep cells as text also where they are JSON.")] = False,
    tag: Tag = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    strict: Strict = False,
    rejects_file: RejectsFile = None,
) -> None:
    """Import a file of rows into a dataset: each row is an item, one that is there already is updated.

    Exits with 0 only where every row is in the dataset then, else with 2; importing again is safe.

    """
    from evalyard.importing import Rejects, Table, read_mapping  # noqa: PLC0415 - the help must not wait for it

    with refusals():
        table = Table.open(
            file,
            columns=read_mapping(mapped or []),
            id_column=id_column,
            format=format_,
            encoding=encoding,
            as_text=text,
        )
        show(_plan(table), table.preview())
        if dry_run:
            return
        agree(yes=yes, guessed=table.guessed)
        with Rejects(rejects_file) as rejects:
            if strict:
                check_all(table.items(), rejects)
            _send(table, dataset, tag or [], rejects)
            end(rejects)


def _plan(table: "Table") -> list[str]:
    how = "guessed from the names of its columns" if table.guessed else "as you say"
    plan = [f"{table.source.path} is {table.format}; {how}:", *(f"  {line}" for line in table.mapping.lines())]
    if table.left_out:
        plan.append(f"Not imported: {', '.join(table.left_out)}")
    return [*plan, "The first items:"]


def _send(table: "Table", dataset: str, tags: list[str], rejects: "Rejects") -> None:
    from evalyard.importing import Destination, send_items, showing  # noqa: PLC0415

    with connected() as client:
        destination = Destination.find(client, client.project_id(), dataset)
        typer.echo(f"Into {destination}.", err=True)
        with showing(table.source) as shown:
            items = table.items(tags)
            report = send_items(client, destination.made(client), items, reject=rejects.add, show=shown)
    typer.echo(f"{report}.")

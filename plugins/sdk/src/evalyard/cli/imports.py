"""`evalyard import`: what other tools have left behind, cases and results."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._examples import examples
from ._importing import DryRun, RejectsFile, Strict, Tag, agree, check_all, connected, end, refusals, show

if TYPE_CHECKING:
    from evalyard.importing import Rejects, ToolRun
    from evalyard.importing.tools import Found, ToolDataset

app = typer.Typer(help="Import what other tools have left behind: cases and results.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="What the tool has written.")]
_Dataset = Annotated[
    str, typer.Option("--dataset", "-d", help="The dataset that the cases go to; a new one is created.")
]


@app.callback()
def imports() -> None:
    """Import what other tools have left behind: cases become items of a dataset, results become runs over it."""


def _command(tool: str, title: str, *lines: str) -> Callable[..., None]:
    def import_it(
        file: _File,
        *,
        dataset: _Dataset,
        tag: Tag = None,
        dry_run: DryRun = False,
        strict: Strict = False,
        rejects_file: RejectsFile = None,
    ) -> None:
        from evalyard.importing import Source  # noqa: PLC0415 - the help must not wait for it
        from evalyard.importing.tools import TOOLS  # noqa: PLC0415

        with refusals():
            found = TOOLS[tool](Source(file))
            _import(found, dataset, tag or [], dry_run=dry_run, strict=strict, rejects_file=rejects_file)

    import_it.__doc__ = f"Import {title}."
    return examples(*lines)(import_it)


app.command("openai-evals")(
    _command(
        "openai-evals",
        "samples and logs of OpenAI Evals, and the hosted service's items and results",
        "evalyard import openai-evals samples.jsonl --dataset sums",
        "evalyard import openai-evals output_items.json --dataset sums --dry-run",
    )
)
app.command("promptfoo")(
    _command(
        "promptfoo",
        "the results that promptfoo writes as JSON, a run for each prompt with each provider",
        "evalyard import promptfoo results.json --dataset sums --dry-run",
    )
)
app.command("inspect")(
    _command(
        "inspect", "a log of Inspect AI, .json or .eval", "evalyard import inspect log.eval --dataset sums --dry-run"
    )
)
app.command("phoenix")(
    _command("phoenix", "the examples of a Phoenix dataset", "evalyard import phoenix examples.csv --dataset sums")
)
app.command("langfuse")(
    _command(
        "langfuse",
        "the items of a Langfuse dataset",
        "evalyard import langfuse items.csv --dataset sums --tag langfuse",
    )
)


@app.command("huggingface")
@examples("evalyard import huggingface ./gsm8k --split test --dataset gsm8k --yes")
def import_folder(
    folder: Annotated[Path, typer.Argument(help="A dataset's folder: a repository, or what save_to_disk wrote.")],
    *,
    dataset: _Dataset,
    config: Annotated[str | None, typer.Option(help="The configuration; the default one without it.")] = None,
    split: Annotated[str | None, typer.Option(help="The split; all without it.")] = None,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", metavar="PLACE=COLUMN", help="As `evalyard datasets import` has it.")
    ] = None,
    tag: Tag = None,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before what was guessed is done.")] = False,
    strict: Strict = False,
    rejects_file: RejectsFile = None,
) -> None:
    """Import a dataset of Hugging Face from its files; each item has its split as a tag."""
    from evalyard.importing import read_mapping  # noqa: PLC0415
    from evalyard.importing.tools import huggingface  # noqa: PLC0415

    with refusals():
        columns = read_mapping(mapped or [])
        found = huggingface.open_folder(folder, config=config, split=split, columns=columns)
        if not dry_run:
            agree(yes=yes, guessed=not columns)
        _import(found, dataset, tag or [], dry_run=dry_run, strict=strict, rejects_file=rejects_file)


def _import(
    found: "Found", dataset: str, tags: list[str], *, dry_run: bool, strict: bool, rejects_file: Path | None
) -> None:
    from evalyard.importing import Rejects  # noqa: PLC0415

    if dry_run:
        _show(found)
        return
    with Rejects(rejects_file) as rejects:
        if strict:
            check_all(_entries(found), rejects)
        if isinstance(found, list):
            _send_runs(found, dataset, rejects)
        else:
            _send_items(found, dataset, tags, rejects)
        end(rejects)


def _entries(found: "Found") -> Iterator[Any]:
    """Yield the items of what was found, and what is none."""
    if isinstance(found, list):
        for run in found:
            yield from run.items()
    else:
        yield from found.items()


def _show(found: "Found") -> None:
    """Print the first entries of what was found."""
    from evalyard.importing import NumberedItem, Result  # noqa: PLC0415

    if not isinstance(found, list):
        items = (entry.item for entry in found.items() if isinstance(entry, NumberedItem))
        show([f"A dataset of {found.tool}; the first items:"], islice(items, 3))
        return
    for run in found:
        results = (_told(entry) for entry in run.read() if isinstance(entry, Result))
        show([f"A run of {run.tool}, {run.name}; the first results:"], islice(results, 3))


def _told(result: Any) -> dict[str, Any]:
    return {"item": result.item, "trial": result.trial, **result.outcome, "scores": result.scores}


def _send_items(found: "ToolDataset", dataset: str, tags: list[str], rejects: "Rejects") -> None:
    from evalyard.importing import Destination, send_items  # noqa: PLC0415

    with connected() as client:
        destination = Destination.find(client, client.project_id(), dataset)
        typer.echo(f"Into {destination}.", err=True)
        report = send_items(client, destination.made(client), found.items(tags), reject=rejects.add)
    typer.echo(f"{report}.")


def _send_runs(runs: "list[ToolRun]", dataset: str, rejects: "Rejects") -> None:
    from evalyard.importing import Destination, send_run  # noqa: PLC0415

    with connected() as client:
        project_id = client.project_id()
        destination = Destination.find(client, project_id, dataset)
        typer.echo(f"Into {destination}.", err=True)
        for run in runs:
            run_id, report = send_run(client, project_id, destination.made(client), run, reject=rejects.add)
            typer.echo(f"{run.name}: run {run_id}; items: {report}.")

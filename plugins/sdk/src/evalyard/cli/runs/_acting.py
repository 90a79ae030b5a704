"""`evalyard runs start`, `cancel`, `retry` and `rescore`."""

import uuid
from typing import Annotated, Any

import typer

from evalyard.cli._examples import examples
from evalyard.cli._lookup import find_dataset, find_evaluator, find_run, find_version
from evalyard.cli._options import Tags
from evalyard.cli._rendering import AsJson, show_one
from evalyard.cli._session import Session, opened
from evalyard.cli.operations import runs as operations

from ._columns import COLUMNS, RunArgument
from ._looking import say_how_it_ended, watched

_Evaluators = Annotated[
    list[str] | None, typer.Option("--evaluator", help="An evaluator's name or id; may be given several times.")
]
_Watch = Annotated[bool, typer.Option("--watch", help="Follow it until it has ended.")]


@examples(
    "evalyard runs start --dataset support --system desk@v1 --name nightly --tag nightly",
    "evalyard runs start --dataset support --system desk --evaluator exact --trials 2 --watch",
)
def start(
    *,
    dataset: Annotated[str, typer.Option(help="The dataset's name or id.")],
    system: Annotated[
        str, typer.Option(help="SYSTEM@VERSION; of SYSTEM alone, the one in production, else the newest.")
    ],
    evaluator: _Evaluators = None,
    name: Annotated[str | None, typer.Option(help="Its name.")] = None,
    trials: Annotated[int, typer.Option(min=1, help="How often each item is carried out.")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, help="How many records at once.")] = 16,
    sample: Annotated[int | None, typer.Option(min=1, help="Only so many items of the dataset.")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Stop when it has cost so many USD.")] = None,
    tag: Tags = None,
    watch: _Watch = False,
    as_json: AsJson = False,
) -> None:
    """Start a run of a system's version over a dataset; the evaluators are the dataset's unless some are named."""
    with opened() as session:
        new = {
            "projectId": session.project_id,
            "datasetId": find_dataset(session, dataset)["id"],
            "systemVersionId": find_version(session, system)["id"],
            "name": name,
            "source": "KICKOFF",
            "trials": trials,
            "concurrency": concurrency,
            "sampleSize": sample,
            "maxCostUsd": max_cost,
            "tags": tag or [],
            # The answer may be lost on its way, and asking again must not start another run.
            "idempotencyKey": str(uuid.uuid4()),
        }
        if evaluator:
            new["evaluatorIds"] = [find_evaluator(session, wanted)["id"] for wanted in evaluator]
        run = session.ask(operations.START, input=new)
        _show(session, run, watch=watch, as_json=as_json)


@examples("evalyard runs cancel slow")
def cancel(run: RunArgument, *, as_json: AsJson = False) -> None:
    """Cancel a run: records that are done stay, the others are not carried out."""
    with opened() as session:
        _show(session, session.ask(operations.CANCEL, id=find_run(session, run)["id"]), watch=False, as_json=as_json)


@examples("evalyard runs retry flaky --watch")
def retry(run: RunArgument, *, watch: _Watch = False, as_json: AsJson = False) -> None:
    """Carry out the errored records of a run again, in the same run."""
    with opened() as session:
        _show(session, session.ask(operations.RETRY, id=find_run(session, run)["id"]), watch=watch, as_json=as_json)


@examples("evalyard runs rescore 2 --evaluator exact --watch")
def rescore(run: RunArgument, *, evaluator: _Evaluators = None, watch: _Watch = False, as_json: AsJson = False) -> None:
    """Score a run's outputs again, without calling the system; with other evaluators where some are named."""
    with opened() as session:
        wanted = [find_evaluator(session, entry)["id"] for entry in evaluator] if evaluator else None
        scored = session.ask(operations.RESCORE, id=find_run(session, run)["id"], evaluators=wanted)
        _show(session, scored, watch=watch, as_json=as_json)


def _show(session: Session, run: dict[str, Any], *, watch: bool, as_json: bool) -> None:
    if watch:
        say_how_it_ended(watched(session, run, as_json=as_json), as_json=as_json)
    else:
        show_one(run, COLUMNS, as_json=as_json)

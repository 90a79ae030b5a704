"""`evalyard runs compare`."""

from typing import Annotated, Any

import typer

from evalyard.cli._examples import examples
from evalyard.cli._lookup import find_run
from evalyard.cli._rendering import AsJson, Column, field, figure, percent, plain, print_json, show_list
from evalyard.cli._session import opened
from evalyard.cli.operations import runs as operations

from ._columns import RunArgument

_CANDIDATES = [
    figure("run.number", "run"),
    field("run.name", "name"),
    field("verdict"),
    figure("baselinePassRate", "before", percent),
    figure("candidatePassRate", "now", percent),
    figure("passRateDelta", "difference", "{:+.1%}".format),
    figure("pValue", "p", "{:.2g}".format),
    figure("regressed", "regressed", "{:,}".format),
    figure("improved", "improved", "{:,}".format),
    figure("unchanged", "unchanged", "{:,}".format),
    figure("averageLatencyDeltaMs", "latency", "{:+,.0f} ms".format),
    figure("costDeltaUsd", "cost", "{:+,.4f} USD".format),
]
_EVALUATORS = [
    figure("number", "run"),
    field("name", "evaluator"),
    field("verdict"),
    figure("baselineMean", "before", "{:.3g}".format),
    figure("candidateMean", "now", "{:.3g}".format),
    figure("delta", "difference", "{:+.3g}".format),
    Column("p", lambda entry: None if entry["pValue"] is None else f"{entry['pValue']:.2g}", "right"),
]


@examples("evalyard runs compare 2 3", "evalyard runs compare 2 latest --json")
def compare(
    baseline: RunArgument,
    candidates: Annotated[list[str], typer.Argument(metavar="RUN...", help="The runs to hold against it, up to ten.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Hold runs against a baseline, the first one: case by case, and whether it could be chance."""
    with opened() as session:
        ids = [find_run(session, candidate)["id"] for candidate in candidates]
        compared = session.ask(operations.COMPARE, baseline=find_run(session, baseline)["id"], candidates=ids)
    if as_json:
        print_json(compared)
        return
    show_list(compared["candidates"], _CANDIDATES, as_json=False)
    if rows := [_row(candidate, entry) for candidate in compared["candidates"] for entry in candidate["evaluators"]]:
        show_list(rows, _EVALUATORS, as_json=False)
    for candidate in compared["candidates"]:
        for warning in candidate["warnings"]:
            typer.echo(f"Run {candidate['run']['number']}: {plain(warning)}", err=True)


def _row(candidate: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    return {"number": candidate["run"]["number"], **entry}

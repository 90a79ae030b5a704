"""`evalyard gate`: whether a run may be deployed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._examples import examples
from ._exits import ExitCode, leave
from ._judging import judge
from ._lookup import find_run
from ._rendering import AsJson, print_json
from ._reports import annotate, show_gate, write_junit, write_markdown
from ._session import opened

if TYPE_CHECKING:
    from .evals.policy import Policy


@examples(
    "evalyard gate 2",
    "evalyard gate latest --min-pass-rate 0.5 --max-errored 0 --junit gate.xml --markdown gate.md",
)
def gate(
    run: Annotated[str, typer.Argument(help="The run's number, name or id, or `latest`.")],
    *,
    min_pass_rate: Annotated[float | None, typer.Option(help="The least share that passed, 0 to 1.")] = None,
    max_regressions: Annotated[int | None, typer.Option(help="The most cases that regressed.")] = None,
    max_errored: Annotated[int | None, typer.Option(help="The most records that errored or are missing.")] = None,
    max_average_latency_ms: Annotated[float | None, typer.Option(help="The largest mean latency.")] = None,
    max_total_cost_usd: Annotated[float | None, typer.Option(help="The most that it cost.")] = None,
    baseline: Annotated[str | None, typer.Option(help="The run to hold it against.", metavar="RUN")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a run by the policy of its dataset, or by the one that the options say.

    Exits with 0 where it passes, 1 where it does not, 2 for what was asked wrongly, and 3 where it could not be judged.
    """
    policy = _policy(
        baseline,
        min_pass_rate=min_pass_rate,
        max_regressions=max_regressions,
        max_errored=max_errored,
        max_average_latency_ms=max_average_latency_ms,
        max_total_cost_usd=max_total_cost_usd,
    )
    with opened() as session:
        found = find_run(session, run)
        judged = judge(session, found["id"], policy, baseline)
    _report(judged, junit=junit, markdown=markdown, as_json=as_json)
    if not judged["gate"]["passed"]:
        raise typer.Exit(int(ExitCode.GATE_FAILED))


def _policy(baseline: str | None, **checks: Any) -> "Policy | None":
    """Return the policy of the options, None without any."""
    given = {name: value for name, value in checks.items() if value is not None}
    if not given and baseline is None:
        return None
    from pydantic import ValidationError  # noqa: PLC0415 - the help must not wait for it

    from .evals.policy import Policy  # noqa: PLC0415

    try:
        return Policy.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        option = "".join(f"--{part} " for part in problem["loc"]).replace("_", "-")
        raise leave(ExitCode.USAGE, f"{option}{problem['msg'].removeprefix('Value error, ')}.") from error


def _report(judged: dict[str, Any], *, junit: Path | None, markdown: Path | None, as_json: bool) -> None:
    result = judged["gate"]
    if as_json:
        print_json(judged)
    else:
        show_gate(judged)
    if junit is not None:
        write_junit(junit, [result])
    write_markdown(markdown, [result])
    for check in result["checks"]:
        if not check["passed"]:
            sentence = f"Run {judged['number']}: {check['name']} is {check['actual']}, expected {check['expected']}."
            annotate(sentence)

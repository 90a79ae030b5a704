"""What is shown of a run."""

from typing import Annotated, Final

import typer

from evalyard.cli._rendering import Column, field, figure, moment, percent

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The run's number, name or id, or `latest`.")]

NUMBER: Final = figure("number", "run")

COLUMNS: Final = [
    NUMBER,
    field("name"),
    field("status"),
    figure("summary.passRate", "passed", percent),
    Column("records", lambda run: f"{run['progress']['completed']:,}/{run['progress']['total']:,}", "right"),
    figure("progress.errored", "errored", "{:,}".format),
    field("dataset.name", "dataset"),
    field("systemVersion.name", "version"),
    field("source"),
    moment("startedAt", "started"),
]

DETAILS: Final = [
    *COLUMNS,
    field("id"),
    field("statusReason", "because"),
    field("tags"),
    figure("trials", "trials"),
    figure("summary.averageLatencyMs", "latency", "{:,.0f} ms".format),
    figure("summary.p95LatencyMs", "p95", "{:,.0f} ms".format),
    figure("summary.totalCostUsd", "cost", "{:,.4f} USD".format),
    moment("finishedAt", "finished"),
    field("metadata"),
    field("notes"),
]

EVALUATORS: Final = [
    field("name", "evaluator"),
    field("status"),
    figure("passRate", "passed", percent),
    figure("mean", "mean", "{:.3g}".format),
    figure("scored", "scored", "{:,}".format),
    figure("errored", "errored", "{:,}".format),
    figure("skipped", "skipped", "{:,}".format),
    field("explanation"),
]

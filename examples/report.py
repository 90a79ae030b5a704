"""Put runs side by side, and tell which cases changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table


def summaries(runs: Sequence[Any]) -> Table:
    """Return a table with a column for each run: what the server computed for it."""
    table = Table("", *(run["systemVersion"]["name"] for run in runs), title="Summary of each run")
    for name, cell in _OF_RUN.items():
        table.add_row(name, *(cell(run["summary"]) for run in runs))
    for evaluators in zip(*(run["evaluators"] for run in runs), strict=True):
        table.add_section()
        for name, cell in _OF_EVALUATOR.items():
            cells = [cell(of) for of in evaluators]
            if any(cells):
                table.add_row(f"{evaluators[0]['evaluator']['name']}: {name}", *cells)
    return table


_OF_RUN: Mapping[str, Callable[[Any], str]] = {
    "passed / failed / errored": lambda of: f"{of['passed']} / {of['failed']} / {of['errored']}",
    "pass rate (95 % interval)": lambda of: f"{of['passRate']:.1%} ({_interval(of['passRateInterval'])})",
    "average latency": lambda of: f"{of['averageLatencyMs']:.0f} ms",
    "p95 latency": lambda of: f"{of['p95LatencyMs']:.0f} ms",
    "cost": lambda of: f"${of['totalCostUsd']:.6f}",
    "tokens": lambda of: f"{of['totalTokens']:,}",
}

_OF_EVALUATOR: Mapping[str, Callable[[Any], str]] = {
    "passed": lambda of: f"{of['passed']} of {of['scored']} ({of['passRate']:.1%})",
    "mean": lambda of: f"{of['mean']:.3f}" if of["evaluator"]["scoreType"] == "NUMERIC" else "",
    "skipped": lambda of: f"{of['skipped']}" if of["skipped"] else "",
}


def _interval(of: Any) -> str:
    return f"{of['low']:.1%} to {of['high']:.1%}"


def changed(before: Sequence[Any], after: Sequence[Any], *, was: str, now: str) -> list[Any]:
    """Return the records of `after` whose verdict is `now`, and was `was` for the same dataset item in `before`."""
    earlier = {record["item"]["id"]: record["verdict"] for record in before}
    found = [record for record in after if (earlier[record["item"]["id"]], record["verdict"]) == (was, now)]
    return sorted(found, key=lambda record: str(record["metadata"]["case"]))


def regressions(records: Sequence[Any]) -> Table:
    """Return a table of the cases that passed before and fail now."""
    table = Table("case", "message", "expected", "got", "failed", title="Passed in v1, failed in v2", show_lines=True)
    table.columns[0].no_wrap = True
    for record in records:
        table.add_row(
            record["metadata"]["case"],
            record["input"]["message"],
            record["expectedOutput"]["reply"],
            record["output"]["reply"],
            ", ".join(score["name"] for score in record["scores"] if score["passed"] is False),
        )
    return table


def shared_tags(records: Sequence[Any]) -> list[str]:
    """Return the tags that all of the records carry."""
    tags = records[0]["tags"] if records else []
    return [tag for tag in tags if all(tag in record["tags"] for record in records)]

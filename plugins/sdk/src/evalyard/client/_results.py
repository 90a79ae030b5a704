"""What came of a run."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from ._errors import ClientError
from ._operations import COMPARE, RECORDS, RUN
from ._transport import Transport

_PAGE: Final = 100
_SHOWN: Final = '{ run(id: "%s") { name status summary { passRate passed failed errored } } }'
ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; `level` is 0.95 for 95 %."""

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class EvaluatorFigures:
    """What one evaluator made of a run; rates are 0 to 1, and figures that nothing can be told of are None."""

    name: str
    explanation: str
    status: str
    scored: int
    passed: int
    failed: int
    errored: int
    skipped: int
    pass_rate: float | None
    mean: float | None
    median: float | None
    standard_deviation: float | None
    mean_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run: exact once it has ended. Money in USD, times in milliseconds, rates 0 to 1."""

    pass_rate: float | None
    pass_rate_interval: Interval | None
    passed: int
    failed: int
    errored: int
    total_cost_usd: float
    total_tokens: int
    total_duration_ms: float | None
    average_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    evaluators: Sequence[EvaluatorFigures]


@dataclass(frozen=True)
class Results:
    """A run as it stood when it was read; `AsyncResults` and `RunResult` read its records."""

    run: Mapping[str, Any] = field(repr=False)
    url: str

    @property
    def id(self) -> str:
        """The run's id, with which it can be resumed."""
        return str(self.run["id"])

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.run["name"])

    @property
    def status(self) -> str:
        """PENDING, RUNNING, SCORING, COMPLETED, FAILED or CANCELLED."""
        return str(self.run["status"])

    @property
    def has_ended(self) -> bool:
        """Whether nothing about it will change by itself."""
        return self.status in ENDED

    @cached_property
    def summary(self) -> Summary:
        """Its figures."""
        figures = {_snake(name): value for name, value in self.run["summary"].items() if name != "passAtK"}
        figures["pass_rate_interval"] = _interval(figures["pass_rate_interval"])
        return Summary(**figures, evaluators=[_evaluator(entry) for entry in self.run["evaluators"]])

    def __str__(self) -> str:
        """Say in a line how it went, and where it can be looked at."""
        summary = self.summary
        rate = "" if summary.pass_rate is None else f", {summary.pass_rate:.1%} passed"
        counts = f"{summary.passed:,} passed, {summary.failed:,} failed, {summary.errored:,} errored"
        return f"{self.name}: {self.status}{rate} ({counts}) {self.url}"


@dataclass(frozen=True)
class AsyncResults(Results):
    """A run, and how to read on."""

    transport: Transport = field(repr=False)

    async def records(self, filter: Mapping[str, Any] | None = None) -> AsyncIterator[dict[str, Any]]:
        """Yield the records in the run's order, a page at a time; `filter` is the schema's RecordFilter."""
        after: str | None = None
        while True:
            variables = {"id": self.id, "first": _PAGE, "after": after, "filter": filter}
            page = (await self.transport.ask(RECORDS, variables))["run"]["records"]
            for edge in page["edges"]:
                yield edge["node"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def compare(self, baseline: str) -> dict[str, Any]:
        """Return the comparison with a run, by its id, as the schema's RunComparison tells it."""
        comparison: dict[str, Any] = (
            await self.transport.ask(COMPARE, {"baseline": baseline, "candidates": [self.id]})
        )["compareRuns"]
        return comparison

    async def refreshed(self) -> "AsyncResults":
        """Return the run as it stands now."""
        return await read_results(self.transport, self.id)


async def read_results(transport: Transport, run_id: str) -> AsyncResults:
    """Return a run as it stands."""
    run = (await transport.ask(RUN, {"id": run_id}))["node"]
    if not run:
        raise ClientError(f"There is no run {run_id}; check the id, and the key's project.")
    return AsyncResults(run=run, url=_page(transport.connection.url, run_id), transport=transport)


def _page(server: str, run_id: str) -> str:
    """Return the address at which a browser shows the run."""
    query = _SHOWN % run_id
    return f"{server}/graphql?query={quote(query)}"


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as a row of a table: a column for each score's value, by the score's name."""
    row = {_snake(name): value for name, value in record.items() if name not in {"scores", "item", "error"}}
    row["item_id"] = record["item"]["id"] if record["item"] else None
    row["error"] = record["error"]["message"] if record["error"] else None
    return row | {f"score.{score['name']}": score["value"] for score in record["scores"]}


def _evaluator(entry: Mapping[str, Any]) -> EvaluatorFigures:
    figures = {_snake(name): value for name, value in entry.items()}
    wanted = {name: figures[name] for name in EvaluatorFigures.__dataclass_fields__}
    return EvaluatorFigures(**{**wanted, "mean_interval": _interval(wanted["mean_interval"])})


def _interval(entry: Mapping[str, float] | None) -> Interval | None:
    return None if entry is None else Interval(**entry)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)

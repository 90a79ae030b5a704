"""What is recorded of tests, and sending it."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from evalyard.client import Client

_BATCH: Final = 200
_LONGEST_TEXT: Final = 2_000
#: A suite does not wait for a server for longer than this.
_TIMEOUT_SECONDS: Final = 10.0
_TRIES: Final = 2

_ITEMS: Final = """
query Items($id: ID!, $after: String) {
  dataset(id: $id) {
    items(first: 100, after: $after) {
      edges { node { id input expectedOutput metadata } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@dataclass
class EvalyardCase:
    """One test as a record. Give it an `output`; `input` stands for the parameters where it is given."""

    output: Any = None
    input: Any = None
    expected: Any = None
    metadata: Any = None
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test; `is_verdict` where an assertion decided, not an accident."""

    passed: bool
    is_verdict: bool
    explanation: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """A test as it is sent, and the run that it belongs to; plain values only."""

    run: str
    dataset: str | None
    tags: list[str]
    record: dict[str, Any]

    @classmethod
    def of(
        cls,
        *,
        run: str,
        dataset: str | None,
        tags: list[str],
        test: str,
        parameters: Mapping[str, Any],
        case: EvalyardCase,
        outcome: Outcome,
    ) -> "Recorded":
        """Return what is recorded of a test: `parameters` are its input unless the case has one."""
        if case.item_id is not None:
            shared: dict[str, Any] = {"itemId": case.item_id}
        else:
            given = {"test": test, **parameters} if case.input is None else case.input
            shared = {"input": given, "expectedOutput": case.expected, "metadata": case.metadata}
        shared["latencyMs"] = outcome.seconds * 1000
        return cls(run, dataset, tags, _json(shared | _came(case, outcome)))

    def as_plain(self) -> dict[str, Any]:
        """Return it as values that go from one process to another."""
        return asdict(self)


def read_outcome(report: pytest.TestReport, call: pytest.CallInfo[None]) -> Outcome:
    """Return what came of a test."""
    raised = call.excinfo
    verdict = raised is None or raised.errisinstance((AssertionError, pytest.fail.Exception))
    text = None if raised is None else f"{raised.typename}: {raised.value}"[:_LONGEST_TEXT]
    return Outcome(bool(report.passed), verdict, text, report.duration)


def params_of_dataset(dataset: str) -> list[Any]:
    """Return a case for each item of a dataset as pytest's parameters; one that is skipped where there are none."""
    if not os.environ.get("EVALYARD_URL"):
        return [_skipped("EVALYARD_URL is not set")]
    from evalyard.client import ClientError  # noqa: PLC0415 - suites without a server need none of it

    try:
        with _client() as client:
            cases = [_case(item) for item in _items(client, dataset)]
    except ClientError as error:
        return [_skipped(str(error))]
    if not cases:
        return [_skipped(f"the dataset {dataset} has no items")]
    return [pytest.param(case, id=str(place)) for place, case in enumerate(cases)]


def send(recorded: Sequence[Recorded]) -> list[str]:
    """Send what was recorded, a run for each name, and return what is to be said of it."""
    from evalyard.client import ClientError  # noqa: PLC0415 - suites without a server need none of it

    try:
        with _client() as client:
            return _send_all(client, recorded)
    except ClientError as error:
        return [f"{len(recorded)} cases were not recorded: {error}"]


def _send_all(client: "Client", recorded: Sequence[Recorded]) -> list[str]:
    runs: defaultdict[tuple[str, str | None], list[Recorded]] = defaultdict(list)
    for entry in recorded:
        runs[entry.run, entry.dataset].append(entry)
    return [_send_run(client, name, dataset, entries) for (name, dataset), entries in runs.items()]


def _send_run(client: "Client", name: str, dataset: str | None, entries: Sequence[Recorded]) -> str:
    from evalyard.client import LibraryEvaluator  # noqa: PLC0415 - see above
    from evalyard.client._operations import FINISH, START_RUN, SUBMIT  # noqa: PLC0415
    from evalyard.client._origin import is_ci, origin  # noqa: PLC0415

    config = {"function": "pytest", "source_hash": "pytest"}
    [judge] = client.evaluator_ids([LibraryEvaluator("evalyard/client_boolean", config, "pytest")])
    records = _with_trials([entry.record for entry in entries])
    new = {
        "projectId": client.project_id(),
        "datasetId": None if dataset is None else client.dataset_id(dataset),
        "evaluatorIds": [judge],
        "name": name,
        "source": "CI" if is_ci() else "API",
        "tags": sorted({tag for entry in entries for tag in entry.tags}),
        "metadata": origin(),
        "trials": max(record["trial"] for record in records),
    }
    run = client.execute(START_RUN, input=new)["startRun"]
    for start in range(0, len(records), _BATCH):
        batch = [_scored(record, judge) for record in records[start : start + _BATCH]]
        client.execute(SUBMIT, run=run["id"], records=batch)
    client.execute(FINISH, run=run["id"])
    return f"{len(records)} cases are run {run['number']} ({name}): {client.run(run['id']).url}"


def _with_trials(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count tests of one input as its trials: a server knows a record by both."""
    seen: Counter[str] = Counter()
    counted = []
    for record in records:
        key = record.get("itemId") or json.dumps(record["input"], sort_keys=True)
        seen[key] += 1
        counted.append({**record, "trial": seen[key]})
    return counted


def _scored(record: dict[str, Any], evaluator_id: str) -> dict[str, Any]:
    verdict = record.get("verdict")
    plain = {name: value for name, value in record.items() if name != "verdict"}
    return plain if verdict is None else {**plain, "scores": [{"evaluatorId": evaluator_id, **verdict}]}


def _came(case: EvalyardCase, outcome: Outcome) -> dict[str, Any]:
    """Return the output with its verdict, or the error where something happened before there was one."""
    if case.output is None and not outcome.is_verdict:
        return {"error": outcome.explanation}
    output = ("passed" if outcome.passed else "failed") if case.output is None else case.output
    return {"output": output, "verdict": {"value": outcome.passed, "explanation": outcome.explanation}}


def _items(client: "Client", dataset: str) -> list[dict[str, Any]]:
    identifier, after, found = client.dataset_id(dataset), None, []
    while True:
        page = client.execute(_ITEMS, id=identifier, after=after)["dataset"]["items"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _case(item: Mapping[str, Any]) -> EvalyardCase:
    return EvalyardCase(
        input=item["input"], expected=item["expectedOutput"], metadata=item["metadata"], item_id=item["id"]
    )


def _client() -> "Client":
    from evalyard.client import Client  # noqa: PLC0415 - see above

    return Client(timeout_seconds=_TIMEOUT_SECONDS, tries=_TRIES)


def _skipped(reason: str) -> Any:
    return pytest.param(None, marks=pytest.mark.skip(reason=f"evalyard: {reason}"), id="no items")


def _json(value: Any) -> Any:
    """Return a value as JSON has it; what JSON has no form for, as text."""
    return json.loads(json.dumps(value, default=str))

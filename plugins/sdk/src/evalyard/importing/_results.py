"""Results that another tool has left behind: a run over the items of a dataset, with the tool's scores."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from evalyard.client import Refused
from evalyard.client._operations import CREATE_EVALUATOR, EVALUATORS, FINISH, START_RUN, SUBMIT

from ._items import NumberedItem
from ._rows import BadRow, CannotImport
from ._sending import OF_ENTRY, Asks, Report, send_items

_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What a system made of one case in one trial; `outcome` and `scores` are as records and scores are submitted.

    `scores` is by the name of what gave it: value, passed and explanation, or an error, or why it was skipped.
    """

    line: int
    item: dict[str, Any]
    outcome: dict[str, Any]
    scores: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    trial: int = 1


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One run of a tool. `read` yields its results from the first one on, as often as it is called."""

    tool: str
    name: str
    read: Callable[[], Iterator[Result | BadRow]]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def items(self) -> Iterator[NumberedItem | BadRow]:
        """Yield the case of each result, once."""
        seen: set[str] = set()
        for result in self.read():
            if isinstance(result, BadRow):
                yield result
            elif result.item["key"] not in seen:
                seen.add(result.item["key"])
                yield NumberedItem(result.line, {**result.item, "source": "IMPORT"})

    def scorers(self) -> dict[str, str]:
        """Return the plugin of each scorer by the scorer's name: that of the values that it gave."""
        values: dict[str, set[type]] = {}
        for result in self.read():
            if isinstance(result, Result):
                for name, score in result.scores.items():
                    values.setdefault(name, set()).update({type(score["value"])} if "value" in score else ())
        return {name: f"evalyard/client_{_score_type(kinds)}" for name, kinds in values.items()}

    @property
    def trials(self) -> int:
        """How often each case was tried at most."""
        return max((result.trial for result in self.read() if isinstance(result, Result)), default=1)


def send_run(
    client: Asks, project_id: str, dataset_id: str, run: ToolRun, *, reject: Callable[[BadRow], None]
) -> tuple[str, Report]:
    """Put the cases of a run into a dataset, and its results into a new run over it; return the run's id.

    Scorers become evaluators of the project, called NAME (TOOL).
    """
    report = send_items(client, dataset_id, run.items(), reject=reject, keep_ids=True)
    if report.version is None:
        raise CannotImport(f"{run.name} has no result that can be read.")
    evaluators = _evaluators(client, project_id, run)
    new = {
        "projectId": project_id,
        "datasetId": dataset_id,
        "datasetVersion": report.version,
        "evaluatorIds": list(evaluators.values()),
        "name": run.name[:200],
        "tags": ["imported", run.tool],
        "metadata": dict(run.metadata),
        "trials": run.trials,
        "idempotencyKey": str(uuid.uuid4()),
    }
    run_id = str(client.execute(START_RUN, input=new)["startRun"]["id"])
    submitting = _Submitting(client, run_id, evaluators, report, reject)
    # What could not be read was rejected with the items.
    results = (entry for entry in run.read() if isinstance(entry, Result) and entry.item["key"] in report.ids)
    while batch := list(islice(results, _AT_ONCE)):
        submitting.send(batch)
    client.execute(FINISH, run=run_id)
    return run_id, report


@dataclass(frozen=True, slots=True)
class _Submitting:
    """Records on their way into a run; `evaluators` are the ids by the scorers' names."""

    client: Asks
    run_id: str
    evaluators: Mapping[str, str]
    report: Report
    reject: Callable[[BadRow], None]

    def send(self, batch: list[Result]) -> None:
        """Submit records, without the one that the server refuses as long as it refuses one."""
        while batch:
            try:
                self.client.execute(SUBMIT, run=self.run_id, records=[self._record(result) for result in batch])
            except Refused as error:
                named = OF_ENTRY.match(error.field or "")
                if named is None:
                    raise
                bad = batch.pop(int(named[1]))
                self.report.rejected += 1
                self.reject(BadRow(bad.line, f"is refused by the server: {error}", bad.outcome))
            else:
                return

    def _record(self, result: Result) -> dict[str, Any]:
        record = {"itemId": self.report.ids[result.item["key"]], "trial": result.trial, **result.outcome}
        if "error" in record:
            return record
        silent = {"skipped": "The imported results have no score of it for this record."}
        given = {self.evaluators[name]: result.scores.get(name, silent) for name in self.evaluators}
        return record | {"scores": [{"evaluatorId": identifier, **score} for identifier, score in given.items()]}


def _evaluators(client: Asks, project_id: str, run: ToolRun) -> dict[str, str]:
    """Return the ids of the evaluators by the scorers' names; they are created where they are not there."""
    known: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        page = client.execute(EVALUATORS, project=project_id, search=f"({run.tool})", after=after)
        listed = page["project"]["evaluators"]
        known |= {edge["node"]["name"]: edge["node"] for edge in listed["edges"]}
        if not listed["pageInfo"]["hasNextPage"]:
            break
        after = listed["pageInfo"]["endCursor"]
    named = {scorer: f"{scorer[:150]} ({run.tool})" for scorer in run.scorers()}
    return {
        scorer: _checked(known[named[scorer]], plugin)
        if named[scorer] in known
        else _created(client, project_id, named[scorer], plugin, scorer)
        for scorer, plugin in run.scorers().items()
    }


def _checked(there: Mapping[str, Any], plugin: str) -> str:
    if there["plugin"]["key"] != plugin:
        raise CannotImport(
            f"The project's evaluator {there['name']!r} is made of {there['plugin']['key']}, and these scores want "
            f"{plugin}: rename that evaluator."
        )
    return str(there["id"])


def _created(client: Asks, project_id: str, name: str, plugin: str, scorer: str) -> str:
    new = {"projectId": project_id, "name": name, "plugin": plugin, "config": {"function": scorer}}
    return str(client.execute(CREATE_EVALUATOR, input=new)["createEvaluator"]["id"])


def _score_type(kinds: set[type]) -> str:
    if kinds <= {bool}:
        return "boolean"
    if kinds <= {bool, int, float}:
        return "numeric"
    return "categorical"

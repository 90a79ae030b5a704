"""Every place that takes an id, to try one that is another project's against one that nothing has."""

import json
from typing import Any, NamedTuple

from . import operations as op

_HERE = {"projectId": "<project>"}
_NEW_VERSION = {"systemId": "<system>", "name": "mine"}
_NIGHTLY = {"datasetId": "<dataset>", "systemVersionId": "<version>"}
_OVER = {**_HERE, "datasetId": "<dataset>"}


def _schedule(**run: str) -> dict[str, Any]:
    return {**_HERE, "name": "mine", "cron": "0 0 1 1 *", "run": {**_NIGHTLY, **run}}


class Place(NamedTuple):
    """Where an id goes: `<x>` among the variables is of something of this kind."""

    name: str
    kind: str
    query: str
    variables: dict[str, Any]

    def with_id(self, name: str) -> Any:
        """Return the variables with a name of the world's in the place of `<x>`."""
        return json.loads(json.dumps(self.variables).replace("<x>", name))


def _place(kind: str, query: str, /, **variables: Any) -> Place:
    return Place(f"{op.field_of(query)}, {kind}", kind, query, variables)


PLACES = (
    _place("project", op.PROJECT, id="<x>"),
    _place("project", op.UPDATE_PROJECT, id="<x>", name="mine"),
    _place("project", op.DELETE_PROJECT, id="<x>"),
    _place("project", op.CREATE_KEY, input={"projectId": "<x>", "name": "mine", "role": "ADMIN"}),
    _place("project", op.CREATE_DATASET, input={"projectId": "<x>", "name": "mine"}),
    _place("project", op.CREATE_EVALUATOR, input={"projectId": "<x>", "name": "mine", "plugin": "exact_match"}),
    _place("project", op.TRY_EVALUATOR, input={"projectId": "<x>", "plugin": "exact_match", "output": 1}),
    _place("project", op.CREATE_SYSTEM, input={"projectId": "<x>", "name": "mine"}),
    _place("project", op.START_RUN, input={"projectId": "<x>"}),
    _place("key", op.NODE, id="<x>"),
    _place("key", op.REVOKE_KEY, id="<x>"),
    _place("dataset", op.DATASET, id="<x>"),
    _place("dataset", op.UPDATE_DATASET, id="<x>", input={"name": "mine"}),
    _place("dataset", op.DELETE_DATASET, id="<x>"),
    _place("dataset", op.ADD_ITEMS, datasetId="<x>", items=[{"input": 1}]),
    _place("dataset", op.ATTACH, datasetId="<x>", evaluatorId="<evaluator>"),
    _place("dataset", op.DETACH, datasetId="<x>", evaluatorId="<evaluator>"),
    _place("dataset", op.START_RUN, input={**_HERE, "datasetId": "<x>"}),
    _place("dataset", op.RUNS, id="<project>", filter={"datasetId": "<x>"}),
    _place("dataset", op.RECORDS, id="<project>", filter={"datasetIds": ["<x>"]}),
    _place("dataset", op.SET_GATE_POLICY, datasetId="<x>", policy={"maxErrored": 0}),
    _place("item", op.NODES, ids=["<item>", "<x>"]),
    _place("item", op.UPDATE_ITEM, id="<x>", input={"input": 1}),
    _place("item", op.DELETE_ITEMS, ids=["<item>", "<x>"]),
    _place("item", op.SUBMIT, runId="<external>", records=[{"itemId": "<x>", "output": "4"}]),
    _place("item", op.RECORDS, id="<project>", filter={"itemIds": ["<x>"]}),
    _place("evaluator", op.EVALUATOR, id="<x>"),
    _place("evaluator", op.UPDATE_EVALUATOR, id="<x>", input={"name": "mine"}),
    _place("evaluator", op.DELETE_EVALUATOR, id="<x>"),
    _place("evaluator", op.TRY_EVALUATOR, input={"evaluatorId": "<x>", "output": 1}),
    _place("evaluator", op.ATTACH, datasetId="<dataset>", evaluatorId="<x>"),
    _place("evaluator", op.DETACH, datasetId="<dataset>", evaluatorId="<x>"),
    _place("evaluator", op.START_RUN, input={**_OVER, "evaluatorIds": ["<evaluator>", "<x>"]}),
    _place("evaluator", op.RERUN, runId="<called>", input={"evaluatorIds": ["<x>"]}),
    _place("evaluator", op.RESCORE, runId="<called>", evaluatorIds=["<x>"]),
    _place("evaluator", op.ADD_SCORE, input={"recordId": "<record>", "evaluatorId": "<x>", "value": True}),
    _place("evaluator", op.RUNS, id="<project>", filter={"evaluatorId": "<x>"}),
    _place("evaluator", op.RECORDS, id="<project>", filter={"scores": [{"evaluatorId": "<x>"}]}),
    _place(
        *("evaluator", op.SET_GATE_POLICY),
        datasetId="<dataset>",
        policy={"evaluators": [{"evaluatorId": "<x>", "minMean": 0}]},
    ),
    _place("evaluator", op.GATE, id="<finished>", policy={"evaluators": [{"evaluatorId": "<x>", "minMean": 0}]}),
    _place("system", op.SYSTEM, id="<x>"),
    _place("system", op.CREATE_VERSION, input={"systemId": "<x>", "name": "mine", "target": "python"}),
    _place("project", op.TRY_TARGET, input={"projectId": "<x>", "target": "python", "input": 1}),
    _place("version", op.TRY_TARGET, input={"systemVersionId": "<x>", "input": 1}),
    _place("run", op.CREATE_VERSION, input={**_NEW_VERSION, "target": "replay", "config": {"run_id": "<x>"}}),
    _place("system", op.RUNS, id="<project>", filter={"systemId": "<x>"}),
    _place("version", op.NODE, id="<x>"),
    _place("version", op.SET_PRODUCTION, systemVersionId="<x>"),
    _place("version", op.SET_RATE_LIMIT, systemVersionId="<x>"),
    _place("version", op.START_RUN, input={**_OVER, "systemVersionId": "<x>"}),
    _place("version", op.RERUN, runId="<called>", input={"systemVersionId": "<x>"}),
    _place("version", op.RECORDS, id="<project>", filter={"systemVersionIds": ["<x>"]}),
    _place("project", op.CREATE_SCHEDULE, input={**_schedule(), "projectId": "<x>"}),
    _place("project", op.SCHEDULES, id="<x>"),
    _place("dataset", op.CREATE_SCHEDULE, input=_schedule(datasetId="<x>")),
    _place("version", op.CREATE_SCHEDULE, input=_schedule(systemVersionId="<x>")),
    _place("evaluator", op.CREATE_SCHEDULE, input={**_schedule(), "run": {**_NIGHTLY, "evaluatorIds": ["<x>"]}}),
    _place("dataset", op.UPDATE_SCHEDULE, id="<schedule>", input={"run": {**_NIGHTLY, "datasetId": "<x>"}}),
    _place("system", op.UPDATE_SCHEDULE, id="<schedule>", input={"run": {"datasetId": "<dataset>", "systemId": "<x>"}}),
    _place("schedule", op.NODE, id="<x>"),
    _place("schedule", op.UPDATE_SCHEDULE, id="<x>", input={"name": "mine"}),
    _place("schedule", op.PAUSE_SCHEDULE, id="<x>"),
    _place("schedule", op.RESUME_SCHEDULE, id="<x>"),
    _place("schedule", op.DELETE_SCHEDULE, id="<x>"),
    _place("project", op.CREATE_MONITOR, input={"projectId": "<x>", "name": "mine", "evaluatorIds": ["<evaluator>"]}),
    _place("project", op.MONITORS, id="<x>"),
    _place("evaluator", op.CREATE_MONITOR, input={**_HERE, "name": "mine", "evaluatorIds": ["<evaluator>", "<x>"]}),
    _place("evaluator", op.UPDATE_MONITOR, id="<monitor>", input={"evaluatorIds": ["<x>"]}),
    _place("monitor", op.NODE, id="<x>"),
    _place("monitor", op.UPDATE_MONITOR, id="<x>", input={"rate": 1}),
    _place("monitor", op.PAUSE_MONITOR, id="<x>"),
    _place("monitor", op.RESUME_MONITOR, id="<x>"),
    _place("monitor", op.DELETE_MONITOR, id="<x>"),
    _place("run", op.RUN, id="<x>"),
    _place("run", op.RERUN, runId="<x>"),
    _place("run", op.SUBMIT, runId="<x>", records=[{"input": 1, "output": 1}]),
    _place("run", op.FINISH, runId="<x>"),
    _place("run", op.RESCORE, runId="<x>"),
    _place("run", op.RETRY_ERRORED, runId="<x>"),
    _place("run", op.CANCEL, runId="<x>"),
    _place("run", op.UPDATE_RUN, id="<x>", input={"name": "mine"}),
    _place("run", op.DELETE_RUN, id="<x>"),
    _place("run", op.RECORDS, id="<project>", filter={"runIds": ["<x>"]}),
    _place("run", op.SET_GATE_POLICY, datasetId="<dataset>", policy={"maxErrored": 0, "baselineRunId": "<x>"}),
    _place("run", op.GATE, id="<x>", policy={"maxErrored": 0}),
    _place("run", op.GATE, id="<finished>", policy={"maxErrored": 0, "baselineRunId": "<x>"}),
    _place("run", op.COMPARE, baselineId="<x>", candidateIds=["<called>"]),
    _place("run", op.COMPARE, baselineId="<called>", candidateIds=["<finished>", "<x>"]),
    _place("run", op.FAILING_RECORDS, id="<x>"),
    _place("evaluator", op.HISTORY, id="<project>", evaluatorIds=["<x>"]),
    _place("project", op.HISTORY, id="<x>"),
    _place("dataset", op.FAILING_ITEMS, id="<x>"),
    _place("dataset", op.FLAKY_ITEMS, id="<x>"),
    _place("run", op.AGREEMENT, id="<evaluator>", runIds=["<x>"]),
    _place("evaluator", op.AGREEMENT, id="<x>"),
    _place("trace", op.TRACE, id="<x>"),
    _place("trace", op.NODE, id="<x>"),
    _place("trace", op.DELETE_TRACE, id="<x>"),
    _place("trace", op.DELETE_TRACES, ids=["<trace>", "<x>"]),
    _place("span", op.NODE, id="<x>"),
    _place("span", op.SCORE_SPAN, input={"spanId": "<x>", "name": "mine", "value": True}),
    _place("span", op.ANNOTATE_SPAN, spanId="<x>", rating=5),
    _place("trace", op.ADD_TRACES, datasetId="<dataset>", traceIds=["<trace>", "<x>"]),
    _place("dataset", op.ADD_TRACES, datasetId="<x>", traceIds=["<trace>"]),
    _place("project", op.TRACES, id="<x>"),
    _place("record", op.RECORD, id="<x>"),
    _place("record", op.ADD_SCORE, input={"recordId": "<x>", "name": "mine", "value": True}),
    _place("record", op.ANNOTATE, recordId="<x>", rating=5),
    _place("record", op.TRY_EVALUATOR, input={"evaluatorId": "<evaluator>", "recordId": "<x>"}),
)

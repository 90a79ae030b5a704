"""Gate policies and exports."""

from . import operations as op
from .case import Refused, bad_input, conflict, forbidden, ill_typed, limit, not_found

_NOT_FINAL = "and its figures are not final; judge it when it has ended."
_EXACT = {"evaluatorId": "<evaluator>"}


def _policy(name: str, field: str, says: str, /, **policy: object) -> tuple[Refused, Refused]:
    """A policy that is refused when it is set, and when a run is judged by it."""
    here = f"policy{field}"
    return (
        bad_input(f"{name}, to be kept", op.SET_GATE_POLICY, here, says, datasetId="<dataset>", policy=policy),
        bad_input(f"{name}, to judge by", op.GATE, here, says, id="<finished>", policy=policy),
    )


CASES: tuple[Refused, ...] = (
    *_policy("a policy that asks for nothing", "", "A policy needs at least one check, such as minPassRate: 0.9."),
    *_policy(
        "a policy that names a baseline and asks for nothing",
        "",
        "A policy needs at least one check, such as minPassRate: 0.9.",
        baselineRunId="<finished>",
    ),
    *_policy("a pass rate in percent", ".minPassRate", "A pass rate is 0 to 1, not 90; 0.9 is 90 %.", minPassRate=90),
    *_policy(
        "fewer regressions than none", ".maxRegressions", "maxRegressions must be 0 or more, not -1.", maxRegressions=-1
    ),
    *_policy("fewer errors than none", ".maxErrored", "maxErrored must be 0 or more, not -1.", maxErrored=-1),
    *_policy(
        "a latency below zero",
        ".maxAverageLatencyMs",
        "maxAverageLatencyMs must be 0 or more, not -1.",
        maxAverageLatencyMs=-1,
    ),
    *_policy("a cost below zero", ".maxTotalCostUsd", "maxTotalCostUsd must be 0 or more, not -1.", maxTotalCostUsd=-1),
    *_policy("nothing of an evaluator", ".evaluators[0]", "Say minPassRate, minMean, or both.", evaluators=[_EXACT]),
    *_policy(
        "an evaluator twice",
        ".evaluators[1].evaluatorId",
        "This evaluator is there twice; say all of it in one place.",
        evaluators=[{**_EXACT, "minMean": 0}, {**_EXACT, "minPassRate": 1}],
    ),
    *_policy(
        "an evaluator's pass rate in percent",
        ".evaluators[0].minPassRate",
        "A pass rate is 0 to 1, not 90; 0.9 is 90 %.",
        evaluators=[{**_EXACT, "minPassRate": 90}],
    ),
    *_policy(
        "a dataset's id for an evaluator's, in a policy",
        ".evaluators[0].evaluatorId",
        "This is the id of a Dataset; pass an Evaluator's.",
        evaluators=[{"evaluatorId": "<dataset>", "minMean": 0}],
    ),
    *_policy(
        "a dataset's id for a baseline's",
        ".baselineRunId",
        "This is the id of a Dataset; pass a Run's.",
        maxErrored=0,
        baselineRunId="<dataset>",
    ),
    limit(
        "51 evaluators in a policy",
        op.SET_GATE_POLICY,
        "policy.evaluators",
        "At most 50 at once, not 51",
        datasetId="<dataset>",
        policy={"evaluators": [{**_EXACT, "minMean": 0}] * 51},
    ),
    ill_typed(
        "half a regression",
        op.SET_GATE_POLICY,
        "policy.maxRegressions",
        "Int cannot represent non-integer value",
        datasetId="<dataset>",
        policy={"maxRegressions": 0.5},
    ),
    not_found(
        "a deleted evaluator in a policy",
        op.SET_GATE_POLICY,
        "policy.evaluators[0].evaluatorId",
        "There is no such evaluator.",
        datasetId="<dataset>",
        policy={"evaluators": [{"evaluatorId": "<deleted_evaluator>", "minMean": 0}]},
    ),
    not_found(
        "a deleted run as a baseline",
        op.GATE,
        "policy.baselineRunId",
        "There is no such run to be the baseline.",
        id="<finished>",
        policy={"maxErrored": 0, "baselineRunId": "<deleted_run>"},
    ),
    not_found(
        "a policy for a deleted dataset",
        op.SET_GATE_POLICY,
        "datasetId",
        "There is no such dataset.",
        datasetId="<deleted_dataset>",
        policy={"maxErrored": 0},
    ),
    forbidden(
        "a viewer who sets a policy",
        op.SET_GATE_POLICY,
        "This needs the role EDITOR",
        who="viewer",
        datasetId="<dataset>",
        policy={"maxErrored": 0},
    ),
    bad_input(
        "a gate without a policy",
        op.GATE,
        "policy",
        "The run's dataset has no gate policy; set one (setGatePolicy), or give one.",
        id="<called>",
    ),
    Refused(
        "a gate of a run that takes records in",
        op.GATE,
        {"id": "<external>", "policy": {"maxErrored": 0}},
        *("CONFLICT", None, f"is RUNNING {_NOT_FINAL}"),
    ),
    conflict(
        "a cancelled run as a baseline",
        op.GATE,
        "policy.baselineRunId",
        "is CANCELLED, and a baseline must be COMPLETED; name another one.",
        id="<finished>",
        policy={"maxErrored": 0, "baselineRunId": "<cancelled>"},
    ),
    conflict(
        "a baseline over another dataset",
        op.GATE,
        "policy.baselineRunId",
        "are over different datasets and share no cases; name another baseline.",
        id="<called>",
        policy={"maxErrored": 0, "baselineRunId": "<finished>"},
    ),
    limit(
        "a filter that makes too long a link",
        op.RECORDS_EXPORT,
        "filter",
        "servers take 8,000; ask for less at once.",
        id="<project>",
        filter={"runIds": ["<called>"] * 300},
    ),
    bad_input(
        "a dataset's id for a run's, in a filter to be exported",
        op.RECORDS_EXPORT,
        "filter.runIds[0]",
        "This is the id of a Dataset; pass a Run's.",
        id="<project>",
        filter={"runIds": ["<dataset>"]},
    ),
)

"""Runs: how they are started, and what their state does not allow."""

from . import operations as op
from .case import ADMIN, ROOT, Refused, bad_input, conflict, ill_typed, limit, not_found

_HERE = {"projectId": "<project>"}
_OVER = {**_HERE, "datasetId": "<dataset>", "systemVersionId": "<version>"}


def _setting(name: str, value: float, says: str) -> Refused:
    return bad_input(f"{name} {value}", op.START_RUN, f"input.{name}", says, input={**_OVER, name: value})


def _age(name: str, seconds: float, says: str) -> Refused:
    given = {**_OVER, "cache": {name: seconds}}
    return bad_input(f"{name} {seconds}", op.START_RUN, f"input.cache.{name}", says, input=given)


CASES: tuple[Refused, ...] = (
    _setting("trials", 0, "trials must be 1 to 100, not 0."),
    _setting("trials", 101, "trials must be 1 to 100, not 101."),
    _setting("concurrency", 0, "concurrency must be 1 to 1,000, not 0."),
    _setting("concurrency", 1_001, "concurrency must be 1 to 1,000, not 1001."),
    _setting("maxAttempts", 0, "maxAttempts must be 1 to 20, not 0."),
    _setting("maxConsecutiveFailures", 0, "maxConsecutiveFailures must be 1 to 1,000,000, not 0."),
    _setting("maxConsecutiveFailures", 1_000_001, "must be 1 to 1,000,000, not 1000001."),
    _setting("timeoutSeconds", 0, "timeoutSeconds must be 0.01 to 3,600.0, not 0."),
    _setting("timeoutSeconds", -1, "timeoutSeconds must be 0.01 to 3,600.0, not -1."),
    _setting("sampleSize", 0, "sampleSize must be 1 to 1,000,000, not 0."),
    _setting("maxCostUsd", -0.01, "maxCostUsd must be 0.0 to 1,000,000,000.0, not -0.01."),
    _setting("maxDurationSeconds", -1, "maxDurationSeconds must be 1.0 to 2,592,000.0, not -1."),
    _setting("traceWaitSeconds", -1, "traceWaitSeconds must be 0.0 to 86,400.0, not -1."),
    _setting("traceWaitSeconds", 100_000, "traceWaitSeconds must be 0.0 to 86,400.0, not 100000."),
    _age("answersMaxAgeSeconds", -1, "answersMaxAgeSeconds must be 0.0 to 31,622,400.0, not -1."),
    _age("scoresMaxAgeSeconds", 31_622_401, "scoresMaxAgeSeconds must be 0.0 to 31,622,400.0, not 31622401."),
    _setting("datasetVersion", 99, "The dataset has versions 0 to 3, not 99."),
    _setting("datasetVersion", -1, "The dataset has versions 0 to 3, not -1."),
    bad_input(
        "tags that select nothing",
        op.START_RUN,
        "input.datasetId",
        "No item of this dataset version is selected; add items or change the tags.",
        input={**_OVER, "itemTags": ["sum", "rare"]},
    ),
    bad_input(
        "a dataset without items",
        op.START_RUN,
        "input.datasetId",
        "No item of this dataset version is selected; add items or change the tags.",
        input={**_OVER, "datasetId": "<empty>"},
    ),
    bad_input(
        "a system without a dataset",
        op.START_RUN,
        "input.datasetId",
        "A run that calls a system needs a dataset.",
        input={**_HERE, "systemVersionId": "<version>"},
    ),
    limit(
        "51 evaluators",
        op.START_RUN,
        "input.evaluatorIds",
        "At most 50 at once, not 51",
        input={**_OVER, "evaluatorIds": ["<evaluator>"] * 51},
    ),
    not_found(
        "another project's dataset, with the instance's key",
        op.START_RUN,
        "input.datasetId",
        "There is no such dataset.",
        who=ROOT,
        input={**_HERE, "datasetId": "<their_dataset>"},
    ),
    not_found(
        "another project's evaluator, with the instance's key",
        op.START_RUN,
        "input.evaluatorIds[0]",
        "There is no such evaluator.",
        who=ROOT,
        input={**_HERE, "evaluatorIds": ["<their_evaluator>"]},
    ),
    bad_input(
        "a run's name of 201 characters",
        op.START_RUN,
        "input.name",
        "A name may have 200 characters at most, not 201.",
        input={**_HERE, "name": "x" * 201},
    ),
    bad_input(
        "an empty name", op.UPDATE_RUN, "input.name", "A name can't be empty.", id="<called>", input={"name": ""}
    ),
    limit(
        "notes of 20,001 characters",
        op.UPDATE_RUN,
        "input.notes",
        "A text may have 20,000 characters at most, not 20,001.",
        id="<called>",
        input={"notes": "x" * 20_001},
    ),
    limit(
        "metadata of 100,001 bytes",
        op.START_RUN,
        "input.metadata",
        "A payload may have 100,000 bytes at most; this one has 100,001. Store a reference.",
        input={**_HERE, "metadata": "x" * 99_999},
    ),
    bad_input(
        "an idempotency key of 201 characters",
        op.START_RUN,
        "input.idempotencyKey",
        "An idempotency key has 1 to 200 characters.",
        input={**_HERE, "idempotencyKey": "x" * 201},
    ),
    bad_input(
        "an empty idempotency key",
        op.START_RUN,
        "input.idempotencyKey",
        "An idempotency key has 1 to 200 characters.",
        input={**_HERE, "idempotencyKey": ""},
    ),
    ill_typed(
        "an unknown source",
        op.START_RUN,
        "input.source",
        "does not exist in 'RunSource' enum.",
        input={**_HERE, "source": "CRON"},
    ),
    conflict(
        "a running run, to be run again",
        op.RERUN,
        "runId",
        "is RUNNING; to run it again it must be COMPLETED or FAILED or CANCELLED.",
        runId="<running>",
    ),
    conflict(
        "an external run, to be run again without a version",
        op.RERUN,
        "runId",
        "The outputs of this run were submitted; name a systemVersionId to call.",
        runId="<finished>",
    ),
    bad_input(
        "a run without a dataset, to be run again with a version",
        op.RERUN,
        "input.datasetId",
        "A run that calls a system needs a dataset.",
        runId="<finished>",
        input={"systemVersionId": "<version>"},
    ),
    bad_input(
        "another run of no trials",
        op.RERUN,
        "input.trials",
        "trials must be 1 to 100, not 0.",
        runId="<called>",
        input={"trials": 0},
    ),
    bad_input(
        "another run with a cache of a negative age",
        op.RERUN,
        "input.cache.scoresMaxAgeSeconds",
        "scoresMaxAgeSeconds must be 0.0 to 31,622,400.0, not -0.5.",
        runId="<called>",
        input={"cache": {"scoresMaxAgeSeconds": -0.5}},
    ),
    not_found(
        "another run with an unknown evaluator",
        op.RERUN,
        "input.evaluatorIds[0]",
        "There is no such evaluator.",
        runId="<called>",
        input={"evaluatorIds": ["<no_evaluator>"]},
    ),
    conflict(
        "a run that workers carry out, to be finished",
        op.FINISH,
        "runId",
        "The workers carry this run out and finish it themselves.",
        runId="<running>",
    ),
    conflict(
        "a cancelled run, to be finished",
        op.FINISH,
        "runId",
        "is CANCELLED; to finish it it must be RUNNING.",
        runId="<cancelled>",
    ),
    *(
        conflict(
            f"{run}, a {status} run, to be cancelled",
            op.CANCEL,
            "runId",
            f"is {status}; to cancel it it must be PENDING or RUNNING or SCORING.",
            runId=run,
        )
        for run, status in (("<called>", "COMPLETED"), ("<finished>", "COMPLETED"), ("<cancelled>", "CANCELLED"))
    ),
    conflict(
        "a run without errors, to be retried", op.RETRY_ERRORED, "runId", "has no errored records.", runId="<called>"
    ),
    conflict(
        "a running run, to be retried",
        op.RETRY_ERRORED,
        "runId",
        "is RUNNING; to retry its errored records it must be COMPLETED or FAILED.",
        runId="<running>",
    ),
    conflict(
        "an external run, to be retried",
        op.RETRY_ERRORED,
        "runId",
        "The outputs of this run were submitted; submit the errored ones again.",
        runId="<finished>",
    ),
    conflict(
        "a running run, to be scored again",
        op.RESCORE,
        "runId",
        "is RUNNING; to score it again it must be COMPLETED or FAILED or CANCELLED.",
        runId="<running>",
    ),
    bad_input(
        "a run without evaluators, to be scored again",
        op.RESCORE,
        "evaluatorIds",
        "The run has no evaluators that workers score with; name some.",
        runId="<finished>",
    ),
    bad_input(
        "a run to be scored again by nobody",
        op.RESCORE,
        "evaluatorIds",
        "Name an evaluator, or leave evaluatorIds out for all of the run's.",
        runId="<called>",
        evaluatorIds=[],
    ),
    not_found(
        "a run to be scored again by an unknown evaluator",
        op.RESCORE,
        "evaluatorIds[1]",
        "There is no such evaluator.",
        runId="<called>",
        evaluatorIds=["<evaluator>", "<no_evaluator>"],
    ),
    conflict(
        "a running run, to be deleted",
        op.DELETE_RUN,
        "id",
        "is RUNNING; to delete it (cancelRun ends it) it must be COMPLETED or FAILED or CANCELLED.",
        who=ADMIN,
        id="<running>",
    ),
)

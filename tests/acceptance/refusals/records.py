"""Records that come in, and what people say of records."""

from . import operations as op
from .case import Refused, bad_input, conflict, ill_typed, limit, not_found


def _submitted(name: str, field: str, says: str, **record: object) -> Refused:
    """The second of two records is at fault; the first is not stored either."""
    good, bad = {"itemId": "<item1>", "output": "5"}, {"itemId": "<item2>", "output": "6", **record}
    return bad_input(name, op.SUBMIT, f"records[1].{field}", says, runId="<external>", records=[good, bad])


_ONE = [{"itemId": "<item1>", "output": "5"}]

CASES: tuple[Refused, ...] = (
    conflict(
        "a record of a run that workers carry out",
        op.SUBMIT,
        "runId",
        "The workers carry this run out; start one without a systemVersionId.",
        runId="<running>",
        records=_ONE,
    ),
    *(
        conflict(
            f"a record of a {status} run",
            op.SUBMIT,
            "runId",
            f"is {status}; to submit records it must be RUNNING.",
            runId=run,
            records=[{"input": "2 + 2", "output": "4"}],
        )
        for run, status in (("<finished>", "COMPLETED"), ("<cancelled>", "CANCELLED"))
    ),
    bad_input("no records", op.SUBMIT, "records", "Send at least one record.", runId="<external>", records=[]),
    limit(
        "1,001 records",
        op.SUBMIT,
        "records",
        "At most 1,000 at once, not 1,001; send them in several calls.",
        runId="<bare>",
        records=[{"input": n, "output": n} for n in range(1_001)],
    ),
    _submitted("neither output nor error", "output", "A record has either an output or an error.", output=None),
    _submitted("output and error", "output", "A record has either an output or an error.", error="No answer."),
    _submitted("neither item nor input", "input", "A record needs an itemId or an input.", itemId=None),
    _submitted("trial 3 of 2", "trial", "trial must be 1 to 2, not 3.", trial=3),
    _submitted("trial 0", "trial", "trial must be 1 to 2, not 0.", trial=0),
    _submitted("a negative latency", "latencyMs", "latencyMs must be 0 or more", latencyMs=-1),
    _submitted("a negative cost", "costUsd", "costUsd must be 0 or more", costUsd=-0.5),
    _submitted("negative tokens", "promptTokens", "promptTokens must be 0 or more", promptTokens=-1),
    _submitted(
        "a latency of thirty years", "latencyMs", "latencyMs must be 0 or more, and less than 1e12.", latencyMs=1e12
    ),
    _submitted(
        "a score of an evaluator that workers score with",
        "scores[0]",
        "The workers score with evalyard-text/exact_match; leave its score out.",
        scores=[{"evaluatorId": "<evaluator>", "value": True}],
    ),
    _submitted(
        "a score for something else", "scores[0].evaluatorId", "", scores=[{"evaluatorId": "<item1>", "value": 1}]
    ),
    _submitted("another output in the same call", "trial", "number their trials.", itemId="<item1>"),
    _submitted(
        "a trace id that is very long",
        "traceId",
        "A trace id has 1 to 200 printable characters.",
        traceId="x" * 17_000_000,
    ),
    limit(
        "an output of 12 MB",
        op.SUBMIT,
        "records[0].output",
        "A payload may have 6,291,456 bytes at most",
        runId="<external>",
        records=[{"itemId": "<item1>", "output": "x" * 12_000_000}],
    ),
    not_found(
        "an item that was deleted",
        op.SUBMIT,
        "records[1].itemId",
        "There is no such item in version 1 of the dataset.",
        runId="<external>",
        records=[*_ONE, {"itemId": "<deleted_item>", "output": "8"}],
    ),
    not_found(
        "an item of another dataset",
        op.SUBMIT,
        "records[0].itemId",
        "There is no such item in version 1 of the dataset.",
        runId="<external>",
        records=[{"itemId": "<their_item>", "output": "4"}],
    ),
    bad_input(
        "an item in a run without a dataset",
        op.SUBMIT,
        "records[0].itemId",
        "This run has no dataset, so its records have no itemId.",
        runId="<bare>",
        records=_ONE,
    ),
    conflict(
        "another output for a record that is there",
        op.SUBMIT,
        "records[1]",
        "Another output is there for this item or input and trial; submit it as another trial, or into another run.",
        runId="<external>",
        records=[*_ONE, {"itemId": "<item>", "output": "five"}],
    ),
    bad_input(
        "a score without a name",
        op.ADD_SCORE,
        "input.name",
        "Name the score, or the evaluator that it is for.",
        input={"recordId": "<record>", "value": True},
    ),
    ill_typed(
        "a score without a value",
        op.ADD_SCORE,
        "input.value",
        "not to be None",
        input={"recordId": "<record>", "name": "mine", "value": None},
    ),
    limit(
        "a score of 100 kB",
        op.ADD_SCORE,
        "input.value",
        "A payload may have 100,000 bytes at most",
        input={"recordId": "<record>", "name": "mine", "value": "x" * 100_000},
    ),
    limit(
        "an explanation of 20,001 characters",
        op.ADD_SCORE,
        "input.explanation",
        "A text may have 20,000 characters at most, not 20,001.",
        input={"recordId": "<record>", "name": "mine", "value": 1, "explanation": "x" * 20_001},
    ),
    conflict(
        "a score for a record that is not done",
        op.ADD_SCORE,
        "input.recordId",
        "The record is not done yet; score it when it is.",
        input={"recordId": "<open_record>", "name": "mine", "value": True},
    ),
    not_found(
        "a score for another project's evaluator, with the instance's key",
        op.ADD_SCORE,
        "input.evaluatorId",
        "There is no such evaluator.",
        who="root",
        input={"recordId": "<record>", "evaluatorId": "<their_evaluator>", "value": True},
    ),
    bad_input(
        "an annotation of nothing", op.ANNOTATE, "comment", "Give a rating, a comment, or both.", recordId="<record>"
    ),
    bad_input(
        "an annotation of blanks",
        op.ANNOTATE,
        "comment",
        "Give a rating, a comment, or both.",
        recordId="<record>",
        comment=" \n\t",
    ),
    bad_input("rating 6", op.ANNOTATE, "rating", "rating must be 1 to 5, not 6.", recordId="<record>", rating=6),
    bad_input("rating 0", op.ANNOTATE, "rating", "rating must be 1 to 5, not 0.", recordId="<record>", rating=0),
    limit(
        "a comment of 20,001 characters",
        op.ANNOTATE,
        "comment",
        "A text may have 20,000 characters at most, not 20,001.",
        recordId="<record>",
        comment="x" * 20_001,
    ),
    bad_input(
        "agreement in a run that is a dataset",
        op.AGREEMENT,
        "runIds[1]",
        "This is the id of a Dataset; pass a Run's.",
        id="<evaluator>",
        runIds=["<finished>", "<dataset>"],
    ),
    limit(
        "agreement in 101 runs",
        op.AGREEMENT,
        "runIds",
        "At most 100 at once, not 101;",
        id="<evaluator>",
        runIds=["<finished>"] * 101,
    ),
    ill_typed("agreement on style", op.AGREEMENT, "basis", "AgreementBasis", id="<evaluator>", basis="STYLE"),
    bad_input(
        "no disagreements a page",
        op.DISAGREEMENTS,
        "first",
        "first must be 1 to 100, not 0.",
        id="<evaluator>",
        first=0,
    ),
    bad_input(
        "disagreements behind a made-up cursor",
        op.DISAGREEMENTS,
        "after",
        "This is no cursor of this list;",
        id="<evaluator>",
        after="x",
    ),
)

"""Results: what can't be compared, and pages of failures that are not there."""

from . import operations as op
from .case import Refused, bad_input, limit, not_found

_NO_CURSOR = "This is no cursor of this list; pass an endCursor that it returned."
_TWO = {"baselineId": "<called>", "candidateIds": ["<finished>"]}


def _filter(name: str, field: str, says: str, **wanted: object) -> Refused:
    return bad_input(name, op.RECORDS, f"filter.{field}", says, id="<project>", filter=wanted)


CASES: tuple[Refused, ...] = (
    bad_input(
        "a baseline alone",
        op.COMPARE,
        "candidateIds",
        "Name at least one run to compare with the baseline.",
        baselineId="<called>",
        candidateIds=[],
    ),
    limit(
        "11 candidates",
        op.COMPARE,
        "candidateIds",
        "At most 10 at once, not 11; send them in several calls.",
        baselineId="<called>",
        candidateIds=["<finished>"] * 11,
    ),
    bad_input(
        "a candidate named twice",
        op.COMPARE,
        "candidateIds[2]",
        "is named twice; leave one out.",
        baselineId="<called>",
        candidateIds=["<finished>", "<cancelled>", "<finished>"],
    ),
    bad_input(
        "a candidate of another project, with the instance's key",
        op.COMPARE,
        "candidateIds[0]",
        "This run is of another project than the baseline; compare runs of one.",
        who="root",
        baselineId="<called>",
        candidateIds=["<their_external>"],
    ),
    not_found(
        "an unknown baseline", op.COMPARE, "baselineId", "There is no such run.", **{**_TWO, "baselineId": "<no_run>"}
    ),
    not_found(
        "a deleted candidate",
        op.COMPARE,
        "candidateIds[1]",
        "There is no such run.",
        baselineId="<called>",
        candidateIds=["<finished>", "<deleted_run>"],
    ),
    bad_input(
        "a dataset's id for a candidate",
        op.COMPARE,
        "candidateIds[0]",
        "This is the id of a Dataset; pass a Run's.",
        baselineId="<called>",
        candidateIds=["<dataset>"],
    ),
    bad_input("no rows of a comparison", op.COMPARE, "first", "first must be 1 to 100, not 0.", **_TWO, first=0),
    bad_input("rows behind no cursor", op.COMPARE, "after", _NO_CURSOR, **_TWO, after="x"),
    bad_input(
        "rows behind a cursor of a run's records",
        op.COMPARE,
        "after",
        "This cursor is of another order; start again without one.",
        **_TWO,
        after="<cursor_of_run>",
    ),
    bad_input("a history of no runs", op.HISTORY, "last", "last must be 1 to 200, not 0.", id="<project>", last=0),
    bad_input("a history of 201 runs", op.HISTORY, "last", "last must be 1 to 200, not 201.", id="<project>", last=201),
    not_found(
        "a history of an unknown evaluator",
        op.HISTORY,
        "evaluatorIds[1]",
        "There is no such evaluator.",
        id="<project>",
        evaluatorIds=["<evaluator>", "<no_evaluator>"],
    ),
    *(
        bad_input(
            f"{what} of {last} runs",
            query,
            "lastRuns",
            f"lastRuns must be 1 to 50, not {last}.",
            id="<dataset>",
            lastRuns=last,
        )
        for what, query in (("consistent failures", op.FAILING_ITEMS), ("flaky items", op.FLAKY_ITEMS))
        for last in (0, -1, 51)
    ),
    *(
        bad_input(f"{what}, {size} a page", query, "first", f"first must be 1 to 100, not {size}.", id=of, first=size)
        for what, query, of in (
            ("consistent failures", op.FAILING_ITEMS, "<dataset>"),
            ("flaky items", op.FLAKY_ITEMS, "<dataset>"),
            ("new failures", op.FAILING_RECORDS, "<called>"),
            ("failure groups", op.FAILURE_GROUPS, "<called>"),
        )
        for size in (0, 101)
    ),
    *(
        bad_input(f"{what} behind no cursor", query, "after", _NO_CURSOR, id=of, after="x")
        for what, query, of in (
            ("consistent failures", op.FAILING_ITEMS, "<dataset>"),
            ("flaky items", op.FLAKY_ITEMS, "<dataset>"),
            ("new failures", op.FAILING_RECORDS, "<called>"),
            ("failure groups", op.FAILURE_GROUPS, "<called>"),
        )
    ),
    _filter(
        "metadata that is a list",
        "metadata[0].value",
        "Look for a text of at most 200 characters, a number, true or false; `search` looks for others.",
        metadata=[{"key": "language", "value": ["de"]}],
    ),
    _filter(
        "a key of metadata of 201 characters",
        "metadata[0].key",
        "A key of metadata that can be looked for has 200 characters at most.",
        metadata=[{"key": "x" * 201, "value": 1}],
    ),
    _filter("an empty error code", "errorCodes[0]", "A name can't be empty.", errorCodes=[""]),
    limit(
        "21 values of metadata",
        op.RECORDS,
        "filter.metadata",
        "At most 20 at once, not 21; send them in several calls.",
        id="<project>",
        filter={"metadata": [{"key": str(n), "value": n} for n in range(21)]},
    ),
)

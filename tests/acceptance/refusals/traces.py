"""Traces: how they are looked for, and what can be made of them."""

from typing import Any

from . import operations as op
from .case import Refused, bad_input, ill_typed, limit, not_found

_LONG = "x" * 1_001


def _filter(called: str, field: str, says: str, /, **wanted: Any) -> Refused:
    return bad_input(called, op.TRACES, f"filter.{field}", says, id="<project>", filter=wanted)


def _path(argument: str, path: str, says: str) -> Refused:
    variables = {"datasetId": "<dataset>", "traceIds": ["<trace>"], argument: path}
    return bad_input(f"{argument} {path[:30]}", op.ADD_TRACES, argument, says, **variables)


CASES: tuple[Refused, ...] = (
    bad_input("a run to delete as a trace", op.DELETE_TRACE, "id", "This is the id of a Run", id="<finished>"),
    bad_input("what is no id of a trace to delete", op.DELETE_TRACES, "ids[0]", "This is no id", ids=["x"]),
    limit("too many traces to delete", op.DELETE_TRACES, "ids", "At most 1,000 at once", ids=["<trace>"] * 1_001),
    bad_input("no traces a page", op.TRACES, "first", "first must be 1 to 100, not 0.", id="<project>", first=0),
    bad_input("too many spans a page", op.SPANS, "first", "first must be 1 to 100, not 101.", id="<trace>", first=101),
    bad_input("no cursor of traces", op.TRACES, "after", "no cursor of this list", id="<project>", after="x"),
    bad_input(
        "a cursor of runs among traces",
        op.TRACES,
        "after",
        "This cursor is of another order; start again without one.",
        id="<project>",
        after="<cursor_by_start>",
    ),
    _filter("a search for nothing that is text", "search", "can't hold the character U+0000", search="a\0"),
    _filter("a name that is no text", "name", "can't hold the character U+0000", name="a\0"),
    _filter("a tag of traces without letters", "tags[1]", "A name can't be empty.", tags=["a", " "]),
    limit(
        "a long search in traces",
        op.TRACES,
        "filter.search",
        "A search may have 1,000 characters at most, not 1,001.",
        id="<project>",
        filter={"search": _LONG},
    ),
    ill_typed(
        "a status that no trace has", op.TRACES, "filter.status", "BROKEN", id="<project>", filter={"status": "BROKEN"}
    ),
    bad_input("a span for a trace", op.TRACE, "id", "This is the id of a Span; pass a Trace's.", id="<span>"),
    bad_input(
        "no traces for a dataset", op.ADD_TRACES, "traceIds", "Name at least one", datasetId="<dataset>", traceIds=[]
    ),
    bad_input(
        "a run for a trace",
        op.ADD_TRACES,
        "traceIds[1]",
        "This is the id of a Run; pass a Trace's.",
        datasetId="<dataset>",
        traceIds=["<trace>", "<called>"],
    ),
    not_found(
        "a trace that is not there, after one that is",
        op.ADD_TRACES,
        "traceIds[1]",
        "There is no such trace.",
        datasetId="<dataset>",
        traceIds=["<trace>", "<no_trace>"],
    ),
    limit(
        "a thousand and one traces",
        op.ADD_TRACES,
        "traceIds",
        "At most 1,000 at once",
        datasetId="<dataset>",
        traceIds=["<trace>"] * 1_001,
    ),
    bad_input(
        "a trace without the input that is asked for",
        op.ADD_TRACES,
        "traceIds[0]",
        "inputPath finds none in this trace",
        datasetId="<dataset>",
        traceIds=["<trace>"],
        inputPath="input.nothing",
    ),
    bad_input(
        "a tag without letters for items from traces",
        op.ADD_TRACES,
        "tags[0]",
        "A name can't be empty.",
        datasetId="<dataset>",
        traceIds=["<trace>"],
        tags=[""],
    ),
    bad_input(
        "a score of a span without a name",
        op.SCORE_SPAN,
        "input.name",
        "Name the score.",
        input={"spanId": "<span>", "name": "", "value": 1},
    ),
    limit(
        "a score of a span as long as a book",
        op.SCORE_SPAN,
        "input.value",
        "A payload may have 100,000 bytes at most",
        input={"spanId": "<span>", "name": "mine", "value": "x" * 100_001},
    ),
    bad_input("six stars for a span", op.ANNOTATE_SPAN, "rating", "must be 1 to 5, not 6.", spanId="<span>", rating=6),
    bad_input("nothing about a span", op.ANNOTATE_SPAN, "comment", "Give a rating", spanId="<span>", comment=" "),
    bad_input("a trace for a span", op.ANNOTATE_SPAN, "spanId", "the id of a Trace", spanId="<trace>", rating=1),
    _path("inputPath", "spans[", "is no JMESPath"),
    _path("inputPath", "trace.input", "starts at 'trace'; start at one of traceId, name,"),
    _path("expectedOutputPath", "shout(output)", "calls 'shout', which is no function of JMESPath."),
    _path("metadataPath", "a" * 1_001, "A path may have 1,000 characters at most, not 1,001."),
)

"""Monitors: which traces they score, and how often."""

from typing import Any

from . import operations as op
from .case import ADMIN, EDITOR, ROOT, VIEWER, Refused, bad_input, conflict, forbidden, ill_typed, limit, not_found

_NEW = {"projectId": "<project>", "name": "new", "evaluatorIds": ["<evaluator>"]}


def _new(what: str, field: str, says: str, /, **given: Any) -> Refused:
    return bad_input(what, op.CREATE_MONITOR, f"input.{field}", says, input={**_NEW, **given})


CASES: tuple[Refused, ...] = (
    _new("a monitor without a name", "name", "A name can't be empty.", name=" "),
    _new("a monitor that scores nothing", "evaluatorIds", "Name an evaluator: a monitor is ", evaluatorIds=[]),
    _new("a monitor with an id of another kind", "evaluatorIds[0]", "the id of a System;", evaluatorIds=["<system>"]),
    _new("a rate below zero", "rate", "rate must be 0.0 to 100.0, not -1.0.", rate=-1),
    _new("a rate above a hundred", "rate", "rate must be 0.0 to 100.0, not 100.1.", rate=100.1),
    _new("a cycle a second", "intervalSeconds", "intervalSeconds must be 60 to 604,800, not 1.", intervalSeconds=1),
    _new("a cycle a month", "intervalSeconds", "must be 60 to 604,800, not 2592000.", intervalSeconds=2_592_000),
    _new("a monitor that waits for nothing", "quietSeconds", "must be 10 to 86,400, not 0.", quietSeconds=0),
    _new("a monitor with a tag without a name", "tags[0]", "A name can't be empty.", tags=[""]),
    _new("a monitor that looks for U+0000", "filter.search", "the character U+0000.", filter={"search": "\0"}),
    _new("a monitor of traces with an empty tag", "filter.tags[0]", "A name can't be empty.", filter={"tags": [""]}),
    ill_typed(
        "a monitor of traces that ended otherwise",
        op.CREATE_MONITOR,
        "input.filter.status",
        "Value 'FINE' does not exist in 'SpanStatus' enum.",
        input={**_NEW, "filter": {"status": "FINE"}},
    ),
    limit(
        "a monitor that looks for 1,001 characters",
        op.CREATE_MONITOR,
        "input.filter.search",
        "A search may have 1,000 characters at most, not 1,001.",
        input={**_NEW, "filter": {"search": "x" * 1_001}},
    ),
    limit(
        "a monitor with 1,001 evaluators",
        op.UPDATE_MONITOR,
        "input.evaluatorIds",
        "At most 1,000 at once, not 1,001",
        id="<monitor>",
        input={"evaluatorIds": ["<evaluator>"] * 1_001},
    ),
    conflict(
        "a monitor's name that is taken",
        op.CREATE_MONITOR,
        "input.name",
        "There is a monitor 'quality' in this project already; choose another name.",
        input={**_NEW, "name": "quality"},
    ),
    not_found(
        "another project's evaluator in a monitor, with the instance's key",
        op.CREATE_MONITOR,
        "input.evaluatorIds[0]",
        "There is no such evaluator.",
        who=ROOT,
        input={**_NEW, "evaluatorIds": ["<their_evaluator>"]},
    ),
    bad_input(
        "a monitor that loses its rate",
        op.UPDATE_MONITOR,
        "input.rate",
        "rate can't be null; leave it out to keep it.",
        id="<monitor>",
        input={"rate": None},
    ),
    bad_input("a page of no monitors", op.MONITORS, "first", "first must be 1 to 100", id="<project>", first=0),
    bad_input("a cursor of no monitors", op.MONITORS, "after", "This is no cursor", id="<project>", after="x"),
    bad_input("a monitor's runs behind no cursor", op.RUNS_OF_MONITOR, "after", "no cursor", id="<monitor>", after="x"),
    forbidden("a viewer's monitor", op.CREATE_MONITOR, "This needs the role EDITOR; ", who=VIEWER, input=_NEW),
    forbidden("a viewer's end of a pause", op.RESUME_MONITOR, "the role EDITOR; ", who=VIEWER, id="<monitor>"),
    forbidden("an editor's end of a monitor", op.DELETE_MONITOR, "the role ADMIN; ", who=EDITOR, id="<monitor>"),
    not_found(
        "a monitor that was deleted", op.DELETE_MONITOR, "id", "no such monitor.", who=ADMIN, id="<deleted_monitor>"
    ),
)

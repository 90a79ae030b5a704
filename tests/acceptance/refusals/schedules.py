"""Schedules: when they come, and what they start."""

from typing import Any

from . import operations as op
from .case import ADMIN, EDITOR, ROOT, VIEWER, Refused, bad_input, conflict, forbidden, ill_typed, limit, not_found

_RUN = {"datasetId": "<dataset>", "systemVersionId": "<version>"}
_NEW = {"projectId": "<project>", "name": "new", "cron": "0 3 * * *", "run": _RUN}


def _when(what: str, field: str, says: str, /, **given: Any) -> Refused:
    return bad_input(what, op.CREATE_SCHEDULE, f"input.{field}", says, input={**_NEW, **given})


def _run(what: str, field: str, says: str, /, **given: Any) -> Refused:
    new = {**_NEW, "run": {**_RUN, **given}}
    return bad_input(what, op.CREATE_SCHEDULE, f"input.run.{field}", says, input=new)


CASES: tuple[Refused, ...] = (
    _when("a schedule without a name", "name", "A name can't be empty.", name=" "),
    _when("a cron expression of six fields", "cron", "day of week), not 6.", cron="0 0 3 * * *"),
    _when("a cron expression in words", "cron", "day of week), not 2.", cron="every day"),
    _when("an hour that there is not", "cron", "The hour of '0 24 * * *' can't be read; ", cron="0 24 * * *"),
    _when("a day that no month has", "cron", "The day-of-month of '0 0 30 2 *' can't be read; ", cron="0 0 30 2 *"),
    _when("a day that hardly ever comes", "cron", "no time of the next five years; ", cron="0 0 29 2 */7"),
    _when("a cron expression of 201 characters", "cron", "200 characters at most, not 201.", cron="*" * 201),
    _when("an unknown time zone", "timeZone", "no time zone 'CEST'; ", timeZone="CEST"),
    _when("a time zone that is a file", "timeZone", "no time zone '/etc/localtime'; ", timeZone="/etc/localtime"),
    ill_typed(
        "a schedule that does what it likes",
        op.CREATE_SCHEDULE,
        "input.missedTicks",
        "Value 'MAYBE' does not exist in 'MissedTicks' enum.",
        input={**_NEW, "missedTicks": "MAYBE"},
    ),
    _run("a schedule without a dataset", "datasetId", "A run that calls a system needs a dataset.", datasetId=None),
    _run("a schedule without a system", "systemVersionId", "one of them.", systemVersionId=None),
    _run("a schedule with a system and a version", "systemVersionId", "one of them.", systemId="<system>"),
    _run("a schedule over an empty dataset", "datasetId", "No item of this dataset version", datasetId="<empty>"),
    _run("a schedule over a version to come", "datasetVersion", "has versions 0 to 3, not 9.", datasetVersion=9),
    _run("a schedule of no trials", "trials", "trials must be 1 to 100, not 0.", trials=0),
    _run("a schedule of calls without time", "timeoutSeconds", "must be 0.01 to 3,600.0, not 0.0.", timeoutSeconds=0),
    _run("a cache of the day before", "cache.answersMaxAgeSeconds", "not -1.0.", cache={"answersMaxAgeSeconds": -1}),
    _run("a schedule with a tag without a name", "tags[0]", "A name can't be empty.", tags=[""]),
    _run("a run's name with an unknown part", "name", "There is no placeholder {number}; there are ", name="{number}"),
    _run("an id of another kind in a schedule", "datasetId", "This is the id of a System; ", datasetId="<system>"),
    limit(
        "a schedule with metadata of 100,001 bytes",
        op.CREATE_SCHEDULE,
        "input.run.metadata",
        "A payload may have 100,000 bytes at most; this one has 100,001.",
        input={**_NEW, "run": {**_RUN, "metadata": "x" * 99_999}},
    ),
    limit(
        "a schedule with 51 evaluators",
        op.CREATE_SCHEDULE,
        "input.run.evaluatorIds",
        "At most 50 at once, not 51",
        input={**_NEW, "run": {**_RUN, "evaluatorIds": ["<evaluator>"] * 51}},
    ),
    conflict(
        "a schedule of a production version that is not",
        op.CREATE_SCHEDULE,
        "input.run.systemId",
        "The system 'adder' has no production version; setProductionVersion says which it is.",
        input={**_NEW, "run": {"datasetId": "<dataset>", "systemId": "<system>"}},
    ),
    conflict(
        "a schedule that repeats a run which goes on",
        op.CREATE_SCHEDULE,
        "input.run.systemVersionId",
        ", which this system version replays, is RUNNING; wait until it has ended.",
        input={**_NEW, "run": {**_RUN, "systemVersionId": "<replay_of_external>"}},
    ),
    conflict(
        "a schedule's name that is taken",
        op.CREATE_SCHEDULE,
        "input.name",
        "There is a schedule 'nightly' in this project already; choose another name.",
        input={**_NEW, "name": "nightly"},
    ),
    not_found(
        "another project's system, with the instance's key",
        op.CREATE_SCHEDULE,
        "input.run.systemId",
        "There is no such system.",
        who=ROOT,
        input={**_NEW, "run": {"datasetId": "<dataset>", "systemId": "<their_system>"}},
    ),
    bad_input(
        "a schedule that loses its time",
        op.UPDATE_SCHEDULE,
        "input.cron",
        "cron can't be null; leave it out to keep it.",
        id="<schedule>",
        input={"cron": None},
    ),
    bad_input(
        "a schedule whose time is changed to none",
        op.UPDATE_SCHEDULE,
        "input.cron",
        "The minute of '61 * * * *' can't be read; ",
        id="<schedule>",
        input={"cron": "61 * * * *"},
    ),
    bad_input("no upcoming time", op.UPCOMING, "count", "count must be 1 to 20, not 0.", id="<schedule>", count=0),
    bad_input("21 upcoming times", op.UPCOMING, "count", "must be 1 to 20, not 21.", id="<schedule>", count=21),
    bad_input("a page of no schedules", op.SCHEDULES, "first", "first must be 1 to 100", id="<project>", first=0),
    bad_input("a cursor of no schedules", op.SCHEDULES, "after", "This is no cursor", id="<project>", after="x"),
    bad_input(
        "a schedule's runs behind no cursor", op.UPCOMING, "after", "This is no cursor", id="<schedule>", after="x"
    ),
    forbidden("a viewer's schedule", op.CREATE_SCHEDULE, "This needs the role EDITOR; ", who=VIEWER, input=_NEW),
    forbidden("a viewer's pause", op.PAUSE_SCHEDULE, "This needs the role EDITOR; ", who=VIEWER, id="<schedule>"),
    forbidden("an editor's end of a schedule", op.DELETE_SCHEDULE, "the role ADMIN; ", who=EDITOR, id="<schedule>"),
    not_found(
        "a schedule that was deleted", op.DELETE_SCHEDULE, "id", "no such schedule.", who=ADMIN, id="<deleted_schedule>"
    ),
)

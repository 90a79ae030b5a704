"""Ids of nothing, of something else, and of what was deleted; pages that are not there."""

import base64

from . import operations as op
from .case import Refused, bad_input, ill_typed, limit, not_found

_NO_ID = "This is no id; pass one that the API returned."
_NO_CURSOR = "This is no cursor of this list; pass an endCursor that it returned."


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CASES: tuple[Refused, ...] = (
    bad_input("an id that is no base64", op.NODE, "id", _NO_ID, id="$$$"),
    bad_input("a raw id", op.DATASET, "id", _NO_ID, id="66f0c0ffee66f0c0ffee66f0"),
    bad_input("an empty id", op.CANCEL, "runId", _NO_ID, runId=""),
    bad_input("an id that is no text", op.RUN, "id", _NO_ID, id=base64.b64encode(b"Run:\xff\xfe").decode()),
    bad_input("an id of an unknown type", op.NODE, "id", _NO_ID, id=_encoded("Nonsense:1")),
    bad_input("an id without its second half", op.NODE, "id", _NO_ID, id=_encoded("Run:")),
    bad_input("an id that is very long", op.RUN, "id", _NO_ID, id=_encoded("Run:" + "x" * 17_000_000)),
    bad_input("the second id of a list", op.NODES, "ids[1]", _NO_ID, ids=["<called>", "x"]),
    bad_input(
        "a dataset's id for a run",
        op.RUN,
        "id",
        "This is the id of a Dataset; pass a Run's.",
        id="<dataset>",
    ),
    bad_input(
        "a run's id for an evaluator, in a list",
        op.START_RUN,
        "input.evaluatorIds[1]",
        "This is the id of a Run; pass an Evaluator's.",
        input={"projectId": "<project>", "evaluatorIds": ["<evaluator>", "<called>"]},
    ),
    bad_input(
        "an item's id for a dataset's",
        op.ADD_ITEMS,
        "datasetId",
        "This is the id of a DatasetItem; pass a Dataset's.",
        datasetId="<item>",
        items=[{"input": 1}],
    ),
    bad_input(
        "a system's id for its version's",
        op.SET_PRODUCTION,
        "systemVersionId",
        "This is the id of a System; pass a SystemVersion's.",
        systemVersionId="<system>",
    ),
    bad_input(
        "an evaluator's id for an item's, in a record",
        op.SUBMIT,
        "records[1].itemId",
        "This is the id of an Evaluator; pass a DatasetItem's.",
        runId="<external>",
        records=[{"itemId": "<item1>", "output": "5"}, {"itemId": "<evaluator>", "output": "5"}],
    ),
    bad_input(
        "a record's id for a run's, in a filter",
        op.RECORDS,
        "filter.runIds[0]",
        "This is the id of a Record; pass a Run's.",
        id="<project>",
        filter={"runIds": ["<record>"]},
    ),
    limit(
        "101 ids", op.NODES, "ids", "At most 100 at once, not 101; send them in several calls.", ids=["<called>"] * 101
    ),
    limit(
        "1,001 ids",
        op.DELETE_ITEMS,
        "ids",
        "At most 1,000 at once, not 1,001; send them in several calls.",
        ids=["<item>"] * 1_001,
    ),
    not_found(
        "a deleted dataset", op.UPDATE_DATASET, "id", "There is no such dataset.", id="<deleted_dataset>", input={}
    ),
    not_found("a deleted run", op.UPDATE_RUN, "id", "There is no such run.", id="<deleted_run>", input={"name": "x"}),
    not_found(
        "a deleted run's record", op.ANNOTATE, "recordId", "no such record", recordId="<deleted_record>", rating=1
    ),
    not_found("a deleted item", op.DELETE_ITEMS, "ids[1]", "There is no such item", ids=["<item>", "<deleted_item>"]),
    not_found(
        "an item that was deleted, to be changed",
        op.UPDATE_ITEM,
        "id",
        "There is no such item in the newest version.",
        id="<deleted_item>",
        input={"input": 1},
    ),
    not_found(
        "a deleted evaluator, to be attached",
        op.ATTACH,
        "evaluatorId",
        "There is no such evaluator.",
        datasetId="<dataset>",
        evaluatorId="<deleted_evaluator>",
    ),
    not_found(
        "a deleted evaluator, in a run",
        op.START_RUN,
        "input.evaluatorIds[1]",
        "There is no such evaluator.",
        input={"projectId": "<project>", "evaluatorIds": ["<evaluator>", "<deleted_evaluator>"]},
    ),
    not_found(
        "a deleted evaluator, for a score",
        op.ADD_SCORE,
        "input.evaluatorId",
        "There is no such evaluator.",
        input={"recordId": "<record>", "evaluatorId": "<deleted_evaluator>", "value": True},
    ),
    not_found(
        "a deleted project",
        op.CREATE_SYSTEM,
        "input.projectId",
        "There is no such project.",
        who="root",
        input={"projectId": "<deleted_project>", "name": "x"},
    ),
    not_found(
        "a project that never was",
        op.CREATE_KEY,
        "input.projectId",
        "There is no such project.",
        who="root",
        input={"projectId": "<no_project>", "name": "x", "role": "VIEWER"},
    ),
    not_found(
        "another project, with a project's key",
        op.START_RUN,
        "input.projectId",
        "There is no such project.",
        input={"projectId": "<their_project>"},
    ),
    *(
        bad_input(
            f"{op.field_of(query)}, first {first}",
            query,
            "first",
            f"first must be 1 to 100, not {first}.",
            first=first,
            **rest,
        )
        for query, first, rest in (
            (op.PROJECTS, 0, {}),
            (op.DATASETS, -1, {"id": "<project>"}),
            (op.RUNS, 101, {"id": "<project>"}),
            (op.PLUGINS, 0, {}),
            (op.ITEMS, 1_000, {"id": "<dataset>"}),
            (op.RECORDS, -2147483648, {"id": "<project>"}),
        )
    ),
    ill_typed("first beyond 32 bits", op.PROJECTS, "first", "Int cannot represent", first=2**31),
    bad_input("a cursor that is none", op.RUNS, "after", _NO_CURSOR, id="<project>", after="nonsense"),
    bad_input("an empty cursor", op.PLUGINS, "after", _NO_CURSOR, after=""),
    bad_input("a cursor of base64", op.ITEMS, "after", _NO_CURSOR, id="<dataset>", after=_encoded('["+_id"]')),
    bad_input(
        "a cursor to an object", op.DATASETS, "after", _NO_CURSOR, id="<project>", after=_encoded('["+_id",[],"x"]')
    ),
    bad_input(
        "a cursor that is very long",
        op.PROJECTS,
        "after",
        _NO_CURSOR,
        after=_encoded('["+_id",0,"' + "x" * 17_000_000 + '"]'),
    ),
    *(
        bad_input(
            f"a cursor of another order, {name}",
            query,
            "after",
            "This cursor is of another order; start again without one.",
            id="<project>",
            after=after,
            orderBy=order,
        )
        for name, query, after, order in (
            ("of runs by start", op.RUNS, "<cursor_by_start>", {"field": "COST"}),
            ("of runs upwards", op.RUNS, "<cursor_by_start>", {"field": "STARTED_AT", "direction": "ASC"}),
            ("of a run's records", op.RECORDS, "<cursor_of_run>", {"field": "LATENCY"}),
        )
    ),
    bad_input(
        "records by score without an evaluator",
        op.RECORDS_OF_RUN,
        "orderBy.evaluatorId",
        "SCORE needs the evaluatorId whose score counts.",
        id="<called>",
        orderBy={"field": "SCORE"},
    ),
    ill_typed("an unknown order", op.RUNS, "orderBy.field", "'MOOD'", id="<project>", orderBy={"field": "MOOD"}),
    limit(
        "a search of 1,001 characters",
        op.DATASETS,
        "search",
        "A search may have 1,000 characters at most, not 1,001.",
        id="<project>",
        search="x" * 1_001,
    ),
    bad_input("a search for U+0000", op.PLUGINS, "search", "A search can't hold the character U+0000.", search="\0"),
    bad_input(
        "items of a version to come", op.ITEMS, "version", "version must be 0 to 3, not 4.", id="<dataset>", version=4
    ),
    bad_input(
        "a project by id and by name",
        op.PROJECT,
        "id",
        "Name a project by its id or by its name",
        id="<project>",
        name="x",
    ),
    bad_input("a project by nothing", op.PROJECT, "id", "Name a project by its id or by its name"),
    limit(
        "a project's name of 17 MB",
        op.PROJECT,
        "name",
        "A search may have 1,000 characters at most, not 17,000,000.",
        name="x" * 17_000_000,
    ),
    limit(
        "a label of 17 MB in a filter",
        op.RECORDS,
        "filter.scores[0].label",
        "A search may have 1,000 characters at most, not 17,000,000.",
        id="<project>",
        filter={"scores": [{"evaluatorId": "<evaluator>", "label": "x" * 17_000_000}]},
    ),
    bad_input(
        "a tag of 17 MB in a filter",
        op.ITEMS,
        "tags[0]",
        "A name may have 200 characters at most, not 17000000.",
        id="<dataset>",
        tags=["x" * 17_000_000],
    ),
    ill_typed(
        "a day without a time, in a filter",
        op.RUNS,
        "filter.startedAfter",
        "A DateTime is an RFC 3339 text with an offset, such as 2026-01-31T12:00:00Z.",
        id="<project>",
        filter={"startedAfter": "2026-01-31"},
    ),
    limit(
        "51 tags in a filter",
        op.RUNS,
        "filter.tags",
        "An object may have 50 tags at most, not 51.",
        id="<project>",
        filter={"tags": [f"t{n}" for n in range(51)]},
    ),
    limit(
        "51 tags of datasets",
        op.DATASETS,
        "tags",
        "An object may have 50 tags at most, not 51.",
        id="<project>",
        tags=[f"t{n}" for n in range(51)],
    ),
)

"""Refused requests, over HTTP, against a real API and a real worker: why, and that nothing was written."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from tests.acceptance.refusals import (
    access,
    datasets,
    documents,
    evaluators,
    gates,
    ids,
    monitors,
    records,
    results,
    runs,
    schedules,
    systems,
    traces,
)
from tests.acceptance.refusals.case import ADMIN, VIEWER, Refused
from tests.acceptance.refusals.foreign import PLACES, Place
from tests.acceptance.refusals.operations import ADD_SCORE, NODES, START_RUN, UPDATE_DATASET
from tests.acceptance.refusals.world import World, open_world

TABLES = (
    access,
    ids,
    documents,
    datasets,
    evaluators,
    systems,
    runs,
    schedules,
    monitors,
    gates,
    records,
    results,
    traces,
)
CASES = [case for table in TABLES for case in table.CASES]

#: What there is of each kind that a project's key does not see, beside what is another project's.
DELETED = {"dataset", "evaluator", "run", "schedule", "monitor", "record", "project"}


@pytest.fixture(scope="module")
async def world(mongodb_url: str, broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return two projects full of things, in a database of their own."""
    database = f"test_{uuid.uuid4().hex[:16]}"
    folder: Path = tmp_path_factory.mktemp("packages")
    async with open_world(mongodb_url, broker_url, database, folder) as world:
        yield world
    async with AsyncMongoClient(mongodb_url) as client:
        await client.drop_database(database)


def test_no_two_rows_have_one_name():
    assert len({case.name for case in CASES}) == len(CASES) > 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_request_is_refused_and_nothing_is_written(world: World, case: Refused):
    before = await world.fingerprint()

    response = await world.send(case.query, case.variables, case.who)

    body = response.json()
    [error] = body["errors"]
    extensions = error["extensions"]
    assert (response.status_code, extensions["code"], extensions.get("field")) == (
        case.status,
        case.code,
        case.field,
    ), error
    assert case.says in error["message"]
    # What is wrong with a document, graphql-core says in its own words.
    assert case.status == 400 or error["message"].endswith(".")
    assert not any((body.get("data") or {}).values())
    assert await world.fingerprint() == before


@pytest.mark.parametrize("who", [ADMIN, VIEWER])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_what_is_another_projects_answers_as_what_never_was(world: World, place: Place, who: str):
    before = await world.fingerprint()
    unborn = await world.send(place.query, place.with_id(f"<no_{place.kind}>"), who)
    others = ["their", "deleted"] if place.kind in DELETED else ["their"]

    answers = [await world.send(place.query, place.with_id(f"<{other}_{place.kind}>"), who) for other in others]

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, unborn.content)}
    if place.query.startswith("mutation") and who == ADMIN:
        assert unborn.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert await world.fingerprint() == before


async def test_what_is_another_projects_is_there_for_those_who_see_it(world: World):
    kinds = sorted({place.kind for place in PLACES})

    found = await world.ask(NODES, ids=[f"<their_{kind}>" for kind in kinds])

    assert [node["id"] for node in found] == [world.names[f"their_{kind}"] for kind in kinds]


async def test_what_is_written_would_be_seen(world: World):
    seen = []
    for query, variables in (
        (UPDATE_DATASET, {"id": "<empty>", "input": {"description": "Still empty."}}),
        (ADD_SCORE, {"input": {"recordId": "<record>", "name": "mine", "value": True}}),
        (START_RUN, {"input": {"projectId": "<project>"}}),
    ):
        before = await world.fingerprint()
        await world.ask(query, **variables)
        after = await world.fingerprint()
        seen.append({name for name in after if after[name] != before[name]})

    assert seen == [{"datasets"}, {"records", "runs"}, {"projects", "runs", "tasks"}]

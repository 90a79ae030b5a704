"""What people say of spans."""

from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.traces.spans import span_key, trace_key
from evalyard_core.services.access import ANYONE
from evalyard_core.services.traces.keeping import TraceKeeping
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.spans import span_id, trace_id
from tests.fixtures.traces import an_execution, take
from tests.fixtures.world import World, contents

#: One database for all of these tests, which differ in their projects.
store = module_store

SCORE = """mutation($input: AddSpanScoreInput!) { addSpanScore(input: $input) {
    id name value number label passed explanation author span { name }
    history { id value author }
} }"""
ANNOTATE = """mutation($span: ID!, $rating: Int, $comment: String) {
    annotateSpan(spanId: $span, rating: $rating, comment: $comment) { annotations { rating comment author } }
}"""
READ = """query($id: ID!) { trace(id: $id) { spans { edges { node {
    name scores { id name value } annotations { id rating comment }
} } } } }"""


@pytest.fixture
async def traced(world: World, store: Store) -> World:
    """Return a world with a trace of three spans."""
    await take(store, world.project.id, an_execution())
    return world


def span_of(world: World, number: int = 2) -> str:
    return gid("Span", span_key(world.project.id, trace_id(0), span_id(number)))


async def read(operator: Asker, world: World) -> list[Any]:
    data = await operator(READ, id=gid("Trace", trace_key(world.project.id, trace_id(0))))
    return [edge["node"] for edge in data["trace"]["spans"]["edges"]]


async def test_a_span_is_scored_and_its_older_scores_stay_readable(operator: Asker, traced: World):
    given = {"spanId": span_of(traced), "name": " right tool ", "value": True, "explanation": "It was."}
    first = (await operator(SCORE, input=given))["addSpanScore"]
    assert {**first, "id": None} == {
        "id": None,
        "name": "right tool",
        "value": True,
        "number": 1,
        "label": None,
        "passed": True,
        "explanation": "It was.",
        "author": "anyone",
        "span": {"name": "execute_tool weather"},
        "history": [],
    }
    editor = operator.with_role(Role.EDITOR, traced.project.id)
    second = (await editor(SCORE, input={**given, "value": 0.25, "passed": False}))["addSpanScore"]
    assert (second["id"], second["value"], second["passed"], second["author"]) == (first["id"], 0.25, False, "editor")
    [old] = second["history"]
    assert (old["value"], old["author"]) == (True, "anyone")
    await operator(SCORE, input={**given, "name": "tone", "value": "kind"})
    *others, scored = await read(operator, traced)
    assert [(score["name"], score["value"]) for score in scored["scores"]] == [("right tool", 0.25), ("tone", "kind")]
    assert [other["scores"] for other in others] == [[], []]
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on SpanScore { value history { value } } } }"
    found = await operator(nodes, ids=[first["id"], old["id"], gid("SpanScore", "x/~none")])
    assert found["nodes"] == [{"value": 0.25, "history": [{"value": True}]}, {"value": True, "history": []}, None]


async def test_a_span_is_annotated(operator: Asker, traced: World):
    await operator(ANNOTATE, span=span_of(traced), rating=2)
    answer = await operator(ANNOTATE, span=span_of(traced), comment="Asked twice.")
    assert answer["annotateSpan"]["annotations"] == [
        {"rating": 2, "comment": None, "author": "anyone"},
        {"rating": None, "comment": "Asked twice.", "author": "anyone"},
    ]
    [_, _, noted] = await read(operator, traced)
    node = "query($id: ID!) { node(id: $id) { ... on Annotation { comment } } }"
    assert (await operator(node, id=noted["annotations"][1]["id"]))["node"] == {"comment": "Asked twice."}


async def test_notes_stay_when_a_span_is_sent_again_and_go_with_its_trace(operator: Asker, traced: World, store: Store):
    await operator(SCORE, input={"spanId": span_of(traced), "name": "tone", "value": 1})
    span = an_execution()[2]
    await take(store, traced.project.id, [replace(span, end_ns=span.end_ns + 1)])
    assert (await read(operator, traced))[2]["scores"][0]["value"] == 1
    trace = trace_key(traced.project.id, trace_id(0))
    await TraceKeeping(store).delete(actor=ANYONE, trace_ids=[trace])
    await take(store, traced.project.id, an_execution())
    assert [node["scores"] for node in await read(operator, traced)] == [[], [], []]
    assert await store.span_notes._rows.count_documents({"trace": trace}) == 0


@pytest.mark.parametrize(
    ("query", "changes", "code", "field"),
    [
        (SCORE, {"name": " "}, "BAD_USER_INPUT", "input.name"),
        (SCORE, {"name": ""}, "BAD_USER_INPUT", "input.name"),
        (SCORE, {"value": "x" * 100_001}, "LIMIT_EXCEEDED", "input.value"),
        (SCORE, {"explanation": "x" * 20_001}, "LIMIT_EXCEEDED", "input.explanation"),
        (ANNOTATE, {}, "BAD_USER_INPUT", "comment"),
        (ANNOTATE, {"comment": " "}, "BAD_USER_INPUT", "comment"),
        (ANNOTATE, {"rating": 6}, "BAD_USER_INPUT", "rating"),
    ],
)
async def test_what_can_be_no_note_is_refused(
    query: str, changes: dict[str, Any], code: str, field: str, operator: Asker, traced: World, store: Store
):
    before = await contents(store)
    plain = {"spanId": span_of(traced), "name": "tone", "value": 1}
    variables = {"input": {**plain, **changes}} if query is SCORE else {"span": span_of(traced), **changes}
    refused = await operator.refused(query, **variables)
    assert (refused.code, refused.field) == (code, field)
    assert await contents(store) == before


async def test_a_span_takes_so_many_notes(operator: Asker, traced: World, store: Store):
    for number in range(50):
        await operator(SCORE, input={"spanId": span_of(traced), "name": f"score {number}", "value": number})
    refused = await operator.refused(SCORE, input={"spanId": span_of(traced), "name": "one more", "value": 1})
    assert (refused.code, refused.field) == ("LIMIT_EXCEEDED", "input.name")
    await operator(SCORE, input={"spanId": span_of(traced), "name": "score 7", "value": 1})
    await operator(ANNOTATE, span=span_of(traced), rating=1)
    await store.span_notes._rows.update_one(
        {"_id": span_key(traced.project.id, trace_id(0), span_id(2))},
        [{"$set": {"annotations": {"$map": {"input": {"$range": [0, 100]}, "in": {"$first": "$annotations"}}}}}],
    )
    refused = await operator.refused(ANNOTATE, span=span_of(traced), rating=1)
    assert (refused.code, refused.field) == ("LIMIT_EXCEEDED", "spanId")

"""What the failing records of a run share, over a real database."""

from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.records import Record, ScoreStatus, Verdict
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_score
from tests.fixtures.results import Results

#: One database for all of these tests, which differ in their projects.
store = module_store

GROUPS = """query($id: ID!, $first: Int, $after: String) {
    run(id: $id) {
        failureGroups(first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor }
            edges { node {
                kind label key value evaluator { name } failed cases failureRate failureRateElsewhere share strength
                pValue failures(first: 1) { totalCount edges { node { output } } }
            } }
        }
    }
}"""
RECORDS = """query($id: ID!, $filter: RecordFilter) {
    run(id: $id) { records(filter: $filter, first: 100) { totalCount edges { node { output } } } }
}"""


async def languages(store: Store) -> Results:
    """Return six German and six English items, of which every third is hard."""
    return await Results.of(
        store,
        12,
        metadata=[{"language": "de" if n < 6 else "en", "id": n, "deep": {"language": "de"}} for n in range(12)],
        tags=[("hard",) if n % 3 == 0 else () for n in range(12)],
    )


async def groups(asker: Asker, run: Any, **variables: Any) -> list[Any]:
    found = (await asker(GROUPS, id=gid("Run", run), **variables))["run"]["failureGroups"]
    return [edge["node"] for edge in found["edges"]]


async def test_all_the_german_ones_fail(operator: Asker, store: Store):
    results = await languages(store)
    run = await results.run("FFFFFPPPPPPP")
    german, exact, hard = await groups(operator, run)
    assert (german["kind"], german["label"]) == ("METADATA", "language = 'de'")
    assert (german["key"], german["value"], german["evaluator"]) == ("language", "de", None)
    assert (german["failed"], german["cases"]) == (5, 6)
    assert (german["failureRate"], german["failureRateElsewhere"], german["share"]) == (5 / 6, 0, 1)
    assert german["failures"] == {"totalCount": 5, "edges": [{"node": {"output": "F0"}}]}
    assert german["strength"] > 0.8
    assert german["pValue"] < 0.05
    assert (exact["kind"], exact["label"], exact["share"]) == ("FAILED_SCORE", "exact failed", 1)
    assert exact["evaluator"] == {"name": "exact"}
    assert (hard["label"], hard["failed"], hard["cases"]) == ("tag hard", 2, 4)
    assert hard["pValue"] > 0.05
    assert {exact[name] for name in ("strength", "pValue", "failureRateElsewhere", "key", "value")} == {None}


async def test_errors_tags_and_scores_are_groups_too(operator: Asker, store: Store):
    results = await languages(store)
    judge = await results.evaluator("judge", ScoreType.BOOLEAN)

    def broken(record: Record) -> Record:
        """Let the judge fail on the last four items, of which one passes otherwise."""
        if record.seq < 8:
            return record
        score = a_score(evaluator_id=judge.id, status=ScoreStatus.ERROR, value=None, number=None, passed=None)
        return replace(record, verdict=Verdict.ERRORED, scores=(*record.scores, score))

    found = await groups(operator, await results.run("EPPEPPEPPPPP", numbers=[(judge, [1.0] * 12)], each=broken))
    assert {(g["kind"], g["label"], g["failed"], g["cases"]) for g in found} == {
        ("ERRORED_SCORE", "judge could not be computed", 4, 4),
        ("ERROR", "error TIMEOUT", 3, 3),
        ("METADATA", "language = 'en'", 5, 6),
    }
    assert [g["value"] for g in found] == [None, "TIMEOUT", "en"]
    assert [g["failures"]["totalCount"] for g in found] == [g["failed"] for g in found]


async def test_groups_are_paged(operator: Asker, store: Store):
    results = await languages(store)
    run = await results.run("FFFFEEPPPPPP")
    everything = await groups(operator, run)
    shown, after = [], None
    for _ in everything:
        page = (await operator(GROUPS, id=gid("Run", run), first=1, after=after))["run"]["failureGroups"]
        assert page["totalCount"] == len(everything)
        shown += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert len(everything) == 3
    assert shown == everything
    assert page["pageInfo"]["hasNextPage"] is False


async def test_a_run_in_which_nothing_fails_has_no_groups(operator: Asker, store: Store):
    results = await languages(store)
    assert await groups(operator, await results.run("P" * 12)) == []
    assert await groups(operator, await results.run("-" * 12)) == []


@pytest.mark.parametrize(
    ("filter", "outputs"),
    [
        ({"metadata": [{"key": "language", "value": "de"}]}, ["P0", "F1", None, "P3", None, "P5"]),
        ({"metadata": [{"key": "language", "value": "de"}], "verdict": ["FAILED"]}, ["F1"]),
        ({"metadata": [{"key": "id", "value": 7}]}, ["P7"]),
        ({"metadata": [{"key": "id", "value": 7.0}]}, ["P7"]),
        ({"metadata": [{"key": "id", "value": "7"}]}, []),
        ({"metadata": [{"key": "language", "value": "en"}, {"key": "id", "value": 2}]}, []),
        ({"metadata": [{"key": "language", "value": "en"}], "tags": ["hard"]}, ["P6", "P9"]),
        ({"errorCodes": ["TIMEOUT", "OTHER"]}, [None, None]),
        ({"errorCodes": ["OTHER"]}, []),
    ],
)
async def test_records_are_found_by_what_they_share(operator: Asker, store: Store, filter: Any, outputs: list[Any]):
    results = await languages(store)
    run = await results.run("PFEPEPPPPPPP")
    found = (await operator(RECORDS, id=gid("Run", run), filter=filter))["run"]["records"]
    assert [edge["node"]["output"] for edge in found["edges"]] == outputs
    assert found["totalCount"] == len(outputs)


@pytest.mark.parametrize(
    ("filter", "field", "says"),
    [
        ({"metadata": [{"key": "a", "value": 1}, {"key": "a", "value": [1]}]}, "metadata[1].value", "Look for a text"),
        ({"metadata": [{"key": "a", "value": "x" * 201}]}, "metadata[0].value", "Look for a text of at most 200"),
        ({"metadata": [{"key": "x" * 201, "value": 1}]}, "metadata[0].key", "A key of metadata that can be looked for"),
        ({"metadata": [{"key": "\ud800", "value": 1}]}, "metadata[0].key", "Character 1 is half of a surrogate pair"),
        ({"metadata": [{"key": "a", "value": "\ud800"}]}, "metadata[0].value", "Character 1 is half"),
        ({"errorCodes": [""]}, "errorCodes[0]", "A name can't be empty."),
    ],
)
async def test_what_no_metadata_can_say_is_refused(operator: Asker, store: Store, filter: Any, field: str, says: str):
    results = await Results.of(store, 1)
    run = await results.run("P")
    refused = await operator.refused(RECORDS, id=gid("Run", run), filter=filter)
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", f"filter.{field}")
    assert says in refused.message

"""What people say of records: scores with a history, and annotations."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.records import Problem, Record, RecordStatus, Score, ScoreSource, ScoreStatus, Verdict
from evalyard_core.domain.scores import failed
from evalyard_core.services.access import ANYONE
from tests.fixtures.core import a_score, an_evaluator
from tests.fixtures.house import House
from tests.fixtures.objects import a_record, a_run


async def a_stored_record(house: House, **changes: Any) -> Record:
    """Store a record of the house's project that one evaluator has passed."""
    scores = (a_score(evaluator_id="e" * 24),)
    plain = {"output": "out", "scores": scores, "verdict": Verdict.PASSED}
    run = a_run(house.project.id)
    record = a_record(run, 0, **{**plain, **changes})
    await house.store.runs.add(run)
    await house.store.records.add([record])
    return record


async def history(house: House, record: Record) -> list[Score]:
    return (await house.store.score_history.of_records([record.id]))[record.id]


async def test_a_person_s_score_stands_beside_the_plugins_and_counts_for_the_verdict(house: House):
    record = await a_stored_record(house)
    changed, score = await house.services.records.add_score(
        actor=house.key(Role.EDITOR),
        record_id=record.id,
        name=" tone ",
        value=False,
        explanation="It is rude.",
    )
    assert (score.name, score.value, score.number, score.passed, score.source) == (
        "tone",
        False,
        0.0,
        False,
        ScoreSource.HUMAN,
    )
    assert (score.author, score.explanation, score.evaluator_id) == ("EDITOR key", "It is rude.", None)
    assert (score.plugin, score.plugin_version, score.evaluator_version) == (None, None, None)
    assert (changed.scores, changed.verdict) == ((*record.scores, score), Verdict.FAILED)
    assert await house.store.records.get(record.id) == changed
    assert await history(house, record) == []


@pytest.mark.parametrize("name", ["tone", "tone etc.", "v1..2", "$set", "a.b.$", "100%", "größe 😀"])
async def test_a_score_replaces_the_one_of_its_name_which_stays_readable(house: House, name: str):
    record = await a_stored_record(house)
    given = []
    for value in (0.25, "good", True):
        changed, score = await house.services.records.add_score(
            actor=ANYONE, record_id=record.id, name=name, value=value
        )
        given.append(score)
    assert changed.scores == (*record.scores, given[2])
    assert await history(house, record) == [given[1], given[0]]
    await house.services.records.add_score(actor=ANYONE, record_id=record.id, name=f"{name}x", value=1)
    assert await history(house, record) == [given[1], given[0]]


async def test_a_person_s_score_takes_the_place_of_an_evaluator_s(house: House):
    evaluator = an_evaluator(house.project.id, name="exact")
    await house.store.evaluators.add(evaluator)
    wrong = failed(a_score(evaluator_id=evaluator.id, cost_usd=0.25), Problem("TIMEOUT", "It took too long."))
    other = a_score(evaluator_id="f" * 24)
    record = await a_stored_record(house, scores=(wrong, other), verdict=Verdict.ERRORED)
    changed, score = await house.services.records.add_score(
        actor=ANYONE, record_id=record.id, evaluator_id=evaluator.id, value=0.9, passed=True
    )
    assert (score.name, score.evaluator_id, score.passed, score.status) == ("exact", evaluator.id, True, ScoreStatus.OK)
    assert (changed.scores, changed.verdict) == ((other, score), Verdict.PASSED)
    assert score.cost_usd == 0.25
    assert await history(house, record) == [wrong]


async def test_a_score_that_a_killed_worker_has_kept_already_is_replaced_like_any_other(house: House):
    evaluator = an_evaluator(house.project.id)
    await house.store.evaluators.add(evaluator)
    old = a_score(evaluator_id=evaluator.id)
    record = await a_stored_record(house, scores=(old,), status=RecordStatus.CANCELLED)
    await house.store.score_history.add(record.project_id, record.run_id, [(record.id, old)])
    changed, score = await house.services.records.add_score(
        actor=ANYONE, record_id=record.id, evaluator_id=evaluator.id, value=False
    )
    assert changed.scores == (score,)
    assert await history(house, record) == [old]


async def test_of_those_who_score_a_record_at_once_nobody_loses_a_score_in_silence(house: House):
    record = await a_stored_record(house)

    async def score(n: int) -> Score | Refusal:
        try:
            return (
                await house.services.records.add_score(actor=ANYONE, record_id=record.id, name=f"s{n % 2}", value=n)
            )[1]
        except Refusal as refusal:
            return refusal

    outcomes = await asyncio.gather(*map(score, range(8)))
    taken = [outcome for outcome in outcomes if isinstance(outcome, Score)]
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Refusal)} <= {Conflict}
    found = await house.store.records.get(record.id)
    assert found is not None
    # What is not current any more was replaced, and nothing that is current is in the history.
    kept = [*found.scores[1:], *await history(house, record)]
    assert sorted(kept, key=repr) == sorted(taken, key=repr)
    assert 1 <= len(found.scores[1:]) <= 2


@pytest.mark.parametrize(
    ("given", "kind", "field"),
    [
        ({"record_id": "nothing"}, NotFound, "input.recordId"),
        ({"name": None}, BadInput, "input.name"),
        ({"name": ""}, BadInput, "input.name"),
        ({"name": "x" * 201}, BadInput, "input.name"),
        ({"value": float("nan")}, BadInput, "input.value"),
        ({"value": 2**64}, BadInput, "input.value"),
        ({"value": "x" * 100_000}, LimitExceeded, "input.value"),
        ({"explanation": "x" * 20_001}, LimitExceeded, "input.explanation"),
        ({"explanation": "\ud800"}, BadInput, "input.explanation"),
        ({"evaluator_id": "nothing"}, NotFound, "input.evaluatorId"),
        ({"evaluator_id": "THEIRS"}, NotFound, "input.evaluatorId"),
    ],
)
async def test_a_bad_score_is_refused(house: House, given: dict[str, Any], kind: type[Refusal], field: str):
    theirs = an_evaluator(new_id())
    await house.store.evaluators.add(theirs)
    record = await a_stored_record(house)
    whole = {"record_id": record.id, "name": "tone", "value": 1, **given}
    if given.get("evaluator_id") == "THEIRS":
        whole["evaluator_id"] = theirs.id
    refusal = await house.refusal(house.services.records.add_score(actor=ANYONE, **whole))
    assert (type(refusal), refusal.field) == (kind, field)


@pytest.mark.parametrize("status", list(RecordStatus))
async def test_only_a_record_that_is_done_can_be_scored(house: House, status: RecordStatus):
    record = await a_stored_record(house, status=status)
    scoring = house.services.records.add_score(actor=ANYONE, record_id=record.id, name="tone", value=1)
    if status in {RecordStatus.PENDING, RecordStatus.RUNNING, RecordStatus.SCORING}:
        refusal = await house.refusal(scoring)
        assert (type(refusal), refusal.field) == (Conflict, "input.recordId")
    else:
        changed, _ = await scoring
        assert (len(changed.scores), changed.status) == (2, status)


async def test_annotations_name_their_author_and_are_kept_in_order(house: House):
    record = await a_stored_record(house)
    await house.services.records.annotate(actor=house.key(Role.EDITOR), record_id=record.id, rating=1)
    changed = await house.services.records.annotate(actor=ANYONE, record_id=record.id, rating=5, comment="Good.\nYes.")
    one, two = changed.annotations
    assert (one.author, one.rating, one.comment) == ("EDITOR key", 1, None)
    assert (two.author, two.rating, two.comment) == ("anyone", 5, "Good.\nYes.")
    assert changed == replace(record, annotations=(one, two))
    cases: list[tuple[dict[str, Any], type[Refusal], str]] = [
        ({}, BadInput, "comment"),
        ({"comment": ""}, BadInput, "comment"),
        ({"comment": " \n"}, BadInput, "comment"),
        ({"rating": 0}, BadInput, "rating"),
        ({"rating": 6}, BadInput, "rating"),
        ({"comment": "x" * 20_001}, LimitExceeded, "comment"),
        ({"record_id": "nothing", "rating": 3}, NotFound, "recordId"),
    ]
    for given, kind, field in cases:
        refused = house.services.records.annotate(actor=ANYONE, **{"record_id": record.id, **given})
        refusal = await house.refusal(refused)
        assert (type(refusal), refusal.field) == (kind, field)


async def test_what_people_add_to_a_record_has_an_end(house: House):
    record = await a_stored_record(house)
    for n in range(50):
        await house.services.records.add_score(actor=ANYONE, record_id=record.id, name=f"s{n}", value=n)
    records = house.services.records
    refusal = await house.refusal(records.add_score(actor=ANYONE, record_id=record.id, name="one more", value=1))
    assert (type(refusal), refusal.field) == (LimitExceeded, "input.name")
    changed, _ = await records.add_score(actor=ANYONE, record_id=record.id, name="s7", value="again")
    assert len(changed.scores) == 51
    for n in range(100):
        await records.annotate(actor=ANYONE, record_id=record.id, comment=str(n))
    refusal = await house.refusal(records.annotate(actor=ANYONE, record_id=record.id, rating=1))
    assert (type(refusal), refusal.field) == (LimitExceeded, "recordId")


async def test_scoring_and_annotating_need_who_may_write_in_the_project(house: House):
    record = await a_stored_record(house)
    records = house.services.records
    for actor, kind in ((house.key(Role.VIEWER), Forbidden), (house.key(Role.ADMIN, new_id()), NotFound)):
        for refused in (
            records.add_score(actor=actor, record_id=record.id, name="tone", value=1),
            records.annotate(actor=actor, record_id=record.id, rating=3),
        ):
            assert type(await house.refusal(refused)) is kind
    assert await records.get(actor=house.key(Role.VIEWER), record_id=record.id) == record
    assert await records.get(actor=house.key(Role.ADMIN, "p"), record_id=record.id) is None
    assert await records.get_many(actor=house.key(Role.ADMIN, "p"), ids=[record.id]) == {}

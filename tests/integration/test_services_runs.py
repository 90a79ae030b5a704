"""Runs: what they are started with, what is pinned, and each refusal, after which nothing was written."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.evaluators import Threshold, ThresholdOperator, VariableMapping
from evalyard_core.domain.ids import config_hash, new_id
from evalyard_core.domain.runs import DatasetPin, RunSettings, RunSource, RunStatus, SystemPin
from evalyard_core.domain.tasks import Task, TaskState
from evalyard_core.services.access import ANYONE
from evalyard_core.services.starting import NewRun
from tests.fixtures.core import a_system_version, a_target, a_worker
from tests.fixtures.house import House


async def tasks_of(house: House, run_id: str) -> list[Task]:
    """Return the tasks of a run by id."""
    rows = house.store.tasks._rows.find({"run_id": run_id}).sort("_id")
    return [house.store.tasks._codec.decode(row) async for row in rows]


async def test_a_run_that_calls_a_system_pins_what_it_uses_and_is_planned(house: House):
    evaluator = await house.evaluator(config={"a": 1})
    dataset, version = await house.dataset(3), await house.system_version()
    run = await house.services.runs.start(
        actor=house.key(Role.EDITOR),
        new=NewRun(
            project_id=house.project.id,
            dataset_id=dataset.id,
            system_version_id=version.id,
            evaluator_ids=[evaluator.id, evaluator.id],
            name=" nightly ",
            source=RunSource.CI,
            notes="Why.",
            tags=["a", "a"],
            metadata={"commit": "abc"},
            settings=RunSettings(trials=2, concurrency=7),
        ),
    )
    system = (await house.store.systems.get_many([version.system_id]))[version.system_id]
    assert (run.status, run.number, run.name, run.source, run.tags) == (
        RunStatus.PENDING,
        1,
        "nightly",
        RunSource.CI,
        ("a",),
    )
    assert run.dataset == DatasetPin(id=dataset.id, name=dataset.name, version=1)
    assert run.system == SystemPin(
        system_id=system.id,
        system_name=system.name,
        version_id=version.id,
        version_name="v1",
        target="acme/echo",
        config=version.config,
    )
    [snapshot] = run.evaluators
    assert (snapshot.evaluator_id, snapshot.version, snapshot.plugin_version) == (evaluator.id, 1, "1.0.0")
    assert snapshot.config_hash == config_hash("acme/exact", {"a": 1}, [])
    assert (run.notes, run.metadata, run.settings) == ("Why.", {"commit": "abc"}, RunSettings(trials=2, concurrency=7))
    assert (run.started_at, run.is_external) == (None, False)
    assert await house.store.runs.get(run.id) == run
    [plan] = await tasks_of(house, run.id)
    assert (plan.id, plan.state, house.hints) == (f"{run.id}.plan", TaskState.READY, [(plan.id, 1)])


async def test_what_a_run_pinned_stays_whatever_changes_later(house: House):
    evaluator = await house.evaluator(config={"a": 1})
    dataset = await house.dataset(2)
    run = await house.start(dataset_id=dataset.id, evaluator_ids=[evaluator.id])
    await house.services.evaluators.update(actor=ANYONE, evaluator_id=evaluator.id, changes={"config": {"a": 2}})
    await house.services.datasets.update(actor=ANYONE, dataset_id=dataset.id, changes={"name": new_id()})
    [item, _] = await house.items(dataset)
    await house.services.datasets.delete_items(actor=ANYONE, item_ids=[item.id])
    assert await house.store.runs.get(run.id) == run
    later = await house.start(dataset_id=dataset.id, dataset_version=1, evaluator_ids=[evaluator.id])
    assert later.dataset is not None
    assert (later.number, later.dataset.version, later.evaluators[0].version) == (2, 1, 2)
    assert later.evaluators[0].config_hash != run.evaluators[0].config_hash


async def test_a_run_without_a_system_takes_records_in_at_once(house: House):
    run = await house.start(settings=RunSettings(concurrency=3))
    assert (run.status, run.name, run.is_external) == (RunStatus.RUNNING, "Run 1", True)
    assert (run.dataset, run.system, run.evaluators) == (None, None, ())
    assert run.started_at is not None
    assert [(task.id, task.state) for task in await tasks_of(house, run.id)] == [
        (f"{run.id}.{lane}", TaskState.IDLE) for lane in range(3)
    ]
    assert house.hints == []


async def test_a_run_uses_what_is_attached_to_its_dataset_unless_evaluators_are_named(house: House):
    one, two, three = [await house.evaluator() for _ in range(3)]
    dataset = await house.dataset(1)
    mapping = (VariableMapping(variable="output", path="output.text"),)
    threshold = Threshold(operator=ThresholdOperator.EQ, value=False)
    for evaluator_id, own in ((one.id, ()), (two.id, mapping)):
        await house.services.datasets.attach(
            actor=ANYONE, dataset_id=dataset.id, evaluator_id=evaluator_id, mapping=own, threshold=threshold
        )
    run = await house.start(dataset_id=dataset.id)
    assert [(e.evaluator_id, e.mapping, e.threshold) for e in run.evaluators] == [
        (one.id, (), threshold),
        (two.id, mapping, threshold),
    ]
    named = await house.start(dataset_id=dataset.id, evaluator_ids=[three.id, two.id])
    assert [(e.evaluator_id, e.mapping, e.threshold) for e in named.evaluators] == [
        (three.id, (), None),
        (two.id, mapping, threshold),
    ]
    assert (await house.start(dataset_id=dataset.id, evaluator_ids=[])).evaluators == ()


async def test_the_same_key_starts_one_run_whoever_sends_it_at_once(house: House):
    runs = await asyncio.gather(*(house.start(idempotency_key="k", name=f"run {n}") for n in range(6)))
    assert len({run.id for run in runs}) == 1
    assert runs == [runs[0]] * 6
    again = await house.start(idempotency_key="k", dataset_id="whatever")
    assert again == runs[0]
    assert await house.store.runs._rows.count_documents({"project_id": house.project.id}) == 1
    assert len(await tasks_of(house, runs[0].id)) == 4
    assert (await house.start(idempotency_key="other")).id != runs[0].id
    refusal = await house.refusal(
        house.services.runs.start(
            actor=house.key(Role.VIEWER), new=NewRun(project_id=house.project.id, idempotency_key="k")
        )
    )
    assert type(refusal) is Forbidden


REFUSED: list[tuple[dict[str, Any], type[Refusal], str]] = [
    ({"name": " "}, BadInput, "input.name"),
    ({"name": "x" * 201}, BadInput, "input.name"),
    ({"notes": "x" * 20_001}, LimitExceeded, "input.notes"),
    ({"notes": "\ud800"}, BadInput, "input.notes"),
    ({"tags": ["a", ""]}, BadInput, "input.tags[1]"),
    ({"tags": [str(n) for n in range(51)]}, LimitExceeded, "input.tags"),
    ({"metadata": {"a": float("nan")}}, BadInput, "input.metadata"),
    ({"metadata": "x" * 100_000}, LimitExceeded, "input.metadata"),
    ({"idempotency_key": ""}, BadInput, "input.idempotencyKey"),
    ({"idempotency_key": "x" * 201}, BadInput, "input.idempotencyKey"),
    ({"dataset_id": "nothing"}, NotFound, "input.datasetId"),
    ({"dataset_id": "THEIRS"}, NotFound, "input.datasetId"),
    ({"dataset_id": "EMPTY"}, BadInput, "input.datasetId"),
    ({"dataset_id": None}, BadInput, "input.datasetId"),
    ({"dataset_version": -1}, BadInput, "input.datasetVersion"),
    ({"dataset_version": 2}, BadInput, "input.datasetVersion"),
    ({"dataset_version": 0}, BadInput, "input.datasetId"),
    ({"system_version_id": "nothing"}, NotFound, "input.systemVersionId"),
    ({"system_version_id": "THEIRS"}, NotFound, "input.systemVersionId"),
    ({"system_version_id": "GONE"}, BadInput, "input.systemVersionId"),
    ({"system_version_id": "BROKEN"}, Conflict, "input.systemVersionId"),
    ({"evaluator_ids": ["nothing"]}, NotFound, "input.evaluatorIds[0]"),
    ({"evaluator_ids": ["OURS", "THEIRS"]}, NotFound, "input.evaluatorIds[1]"),
    ({"evaluator_ids": [str(n) for n in range(51)]}, LimitExceeded, "input.evaluatorIds"),
    ({"settings": RunSettings(trials=0)}, BadInput, "input.trials"),
    ({"settings": RunSettings(trials=101)}, BadInput, "input.trials"),
    ({"settings": RunSettings(concurrency=0)}, BadInput, "input.concurrency"),
    ({"settings": RunSettings(concurrency=1001)}, BadInput, "input.concurrency"),
    ({"settings": RunSettings(max_attempts=0)}, BadInput, "input.maxAttempts"),
    ({"settings": RunSettings(max_attempts=21)}, BadInput, "input.maxAttempts"),
    ({"settings": RunSettings(timeout_seconds=0)}, BadInput, "input.timeoutSeconds"),
    ({"settings": RunSettings(timeout_seconds=float("nan"))}, BadInput, "input.timeoutSeconds"),
    ({"settings": RunSettings(sample_size=0)}, BadInput, "input.sampleSize"),
    ({"settings": RunSettings(item_tags=("",))}, BadInput, "input.itemTags[0]"),
    ({"settings": RunSettings(item_tags=("nobody has this",))}, BadInput, "input.datasetId"),
    ({"settings": RunSettings(max_cost_usd=-1)}, BadInput, "input.maxCostUsd"),
    ({"settings": RunSettings(max_duration_seconds=0.5)}, BadInput, "input.maxDurationSeconds"),
]


@pytest.mark.parametrize(("given", "kind", "field"), REFUSED)
async def test_a_run_that_could_not_go_well_is_refused(
    house: House, given: dict[str, Any], kind: type[Refusal], field: str
):
    dataset, version = await house.dataset(2), await house.system_version()
    whole: dict[str, Any] = {"dataset_id": dataset.id, "system_version_id": version.id, **given}
    if kind is NotFound or "datasetId" in field or "systemVersionId" in field:
        whole = await _with_objects(house, whole)
    refusal = await house.refusal(house.start(**whole))
    assert (type(refusal), refusal.field) == (kind, field)
    assert house.hints == []


async def _with_objects(house: House, given: dict[str, Any]) -> dict[str, Any]:
    """Put the ids of objects that are somewhere in the place of their names."""
    async with House(house.store).open() as other:
        theirs = await other.dataset(1), await other.system_version(), await other.evaluator()
    system = (await house.store.systems.get_many([str((await house.system_version()).system_id)])).popitem()[1]
    gone = a_system_version(system, target="acme/gone")
    broken = a_system_version(system, target="acme/broken")
    for version in (gone, broken):
        await house.store.system_versions.add(version)
    await house.store.workers.publish(a_worker(a_target("acme/broken", problem="It does not load."), id="broken"))
    known = {
        "dataset_id": {"THEIRS": theirs[0].id, "EMPTY": (await house.dataset()).id},
        "system_version_id": {"THEIRS": theirs[1].id, "GONE": gone.id, "BROKEN": broken.id},
    }
    replaced = {name: known.get(name, {}).get(str(value), value) for name, value in given.items()}
    if "evaluator_ids" in given:
        ids = {"THEIRS": theirs[2].id, "OURS": (await house.evaluator()).id}
        replaced["evaluator_ids"] = [ids.get(one, one) for one in given["evaluator_ids"]]
    return replaced


async def test_more_evaluators_than_a_run_takes_are_refused_when_they_are_attached_too(house: House):
    dataset = await house.dataset(1)
    attached = [{"evaluator_id": new_id(), "mapping": [], "threshold": None} for _ in range(51)]
    await house.store.datasets._rows.update_one({"_id": dataset.id}, {"$set": {"evaluators": attached}})
    refusal = await house.refusal(house.start(dataset_id=dataset.id))
    assert (type(refusal), refusal.field) == (LimitExceeded, "input.evaluatorIds")


async def test_a_run_may_have_a_million_records(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("evalyard_core.services.starting.MOST_RECORDS_A_RUN", 30)
    dataset, version = await house.dataset(6), await house.system_version()
    given = {"dataset_id": dataset.id, "system_version_id": version.id}
    refusal = await house.refusal(house.start(**given, settings=RunSettings(trials=6)))
    assert (type(refusal), refusal.field) == (LimitExceeded, "input.trials")
    await house.start(**given, settings=RunSettings(trials=6, sample_size=5))
    await house.start(**given, settings=RunSettings(trials=3, item_tags=("tag 0",)))


@pytest.mark.parametrize("role", list(Role))
async def test_starting_needs_who_may_write_in_the_project(house: House, role: Role):
    elsewhere = house.services.runs.start(actor=house.key(role, new_id()), new=NewRun(project_id=house.project.id))
    assert type(await house.refusal(elsewhere)) is NotFound
    starting = house.services.runs.start(actor=house.key(role), new=NewRun(project_id=house.project.id))
    if role is Role.VIEWER:
        assert type(await house.refusal(starting)) is Forbidden
    else:
        assert (await starting).number == 1
    nowhere = house.services.runs.start(actor=ANYONE, new=NewRun(project_id=new_id()))
    assert (await house.refusal(nowhere)).field == "input.projectId"


async def test_a_run_s_name_notes_and_tags_can_be_changed_and_only_seen_in_its_project(house: House):
    run = await house.start(notes="old", tags=["a"])
    runs = house.services.runs
    changed = await runs.update(
        actor=house.key(Role.EDITOR), run_id=run.id, changes={"name": "new", "notes": "", "tags": ["b", "b"]}
    )
    assert changed == replace(run, name="new", notes="", tags=("b",), revision=1)
    assert await runs.update(actor=ANYONE, run_id=run.id, changes={}) == changed
    assert await runs.get(actor=house.key(Role.VIEWER), run_id=run.id) == changed
    assert await runs.get(actor=house.key(Role.ADMIN, "p"), run_id=run.id) is None
    assert await runs.get_many(actor=house.key(Role.ADMIN, "p"), ids=[run.id]) == {}
    for changes, field in (({"name": ""}, "input.name"), ({"tags": [""]}, "input.tags[0]")):
        assert (await house.refusal(runs.update(actor=ANYONE, run_id=run.id, changes=changes))).field == field
    for actor, kind in ((house.key(Role.VIEWER), Forbidden), (house.key(Role.ADMIN, "p"), NotFound)):
        assert type(await house.refusal(runs.update(actor=actor, run_id=run.id, changes={"name": "x"}))) is kind

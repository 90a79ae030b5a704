"""Runs whose outputs are another run's: scored anew, and neither called nor paid."""

from pathlib import Path
from typing import Any

import pytest

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import Dataset, Item
from evalyard_core.domain.errors import BadInput, Conflict, NotFound, Refusal
from evalyard_core.domain.ids import global_id
from evalyard_core.domain.lists import ItemList, Page, PageRequest
from evalyard_core.domain.records import RecordStatus
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.services.submissions import Submitted
from tests.fixtures.commands import Commands
from tests.support.room import Room


async def replay_of(room: Room, run: Run) -> SystemVersion:
    return await room.version("replay", {"run_id": global_id("Run", run.id)})


async def items_of(room: Room, dataset: Dataset) -> list[Item]:
    wanted = ItemList(project_id=dataset.project_id, dataset_id=dataset.id)
    [page] = await room.store.items.pages([PageRequest(of=wanted, first=100)])
    assert isinstance(page, Page)
    return list(page.items)


async def a_run(room: Room, tmp_path: Path, function: str = "logged", **settings: Any) -> tuple[Dataset, Run, Path]:
    """Return a dataset of four items, an ended run over it and the log of its calls."""
    log = tmp_path / "calls"
    dataset = await room.dataset([{"answer": str(place), "log": str(log)} for place in range(4)], expected=["0"] * 4)
    return dataset, await room.finished(await room.start(dataset, await room.system(function), **settings)), log


async def test_the_outputs_are_scored_anew_and_nothing_is_called(room: Room, tmp_path: Path) -> None:
    dataset, source, log = await a_run(room, tmp_path, trials=2)
    run = await room.finished(
        await room.start(dataset, await replay_of(room, source), [await room.evaluator()], trials=2)
    )
    records = await room.records(run)

    assert len(log.read_text().splitlines()) == 8
    assert run.status is RunStatus.COMPLETED
    assert (run.progress.total, run.progress.passed, run.progress.failed) == (8, 2, 6)
    assert [record.output for record in records] == [record.output for record in await room.records(source)]
    assert {(record.latency_ms, record.cost_usd, record.attempts) for record in records} == {(None, 0.0, 1)}
    assert run.summary is not None
    assert (run.summary.average_latency_ms, run.summary.total_cost_usd) == (None, 0.0)


async def test_outputs_are_read_together(room: Room, room_commands: Commands, tmp_path: Path) -> None:
    dataset, source, _ = await a_run(room, tmp_path, trials=5)
    started = await room.start(dataset, await replay_of(room, source), trials=5)
    room_commands.take()
    await room.finished(started)

    asked = [set(sent["filter"]["_id"]["$in"]) for sent in room_commands.take() if _is_of_records_by_id(sent)]
    # A page for each of the four lanes.
    assert [len(ids) for ids in asked] == [5, 5, 5, 5]
    assert set().union(*asked) == {record.id for record in await room.records(source)}


def _is_of_records_by_id(sent: dict[str, Any]) -> bool:
    return sent.get("find") == "records" and "_id" in sent["filter"]


async def test_a_record_says_where_its_output_comes_from(room: Room, tmp_path: Path) -> None:
    dataset, source, _ = await a_run(room, tmp_path, "priced")
    (first, *_), run = (
        await room.records(source),
        await room.finished(await room.start(dataset, await replay_of(room, source))),
    )
    (record, *_) = await room.records(run)
    again = await room.finished(await room.start(dataset, await replay_of(room, run)))

    assert record.response == {
        "replayed_from": {
            "run": global_id("Run", source.id),
            "record": global_id("Record", first.id),
            "latency_ms": first.latency_ms,
            "cost_usd": 0.01,
        }
    }
    assert [entry.output for entry in await room.records(again)] == ["0", "1", "2", "3"]


async def test_what_is_not_there_is_an_error(room: Room) -> None:
    dataset = await room.dataset([{"answer": "0"}, {"answer": "1", "broken": True}, {"answer": "2"}])
    source = await room.finished(await room.start(dataset, await room.system("moody")))
    items = await items_of(room, dataset)
    await room.services.datasets.update_item(
        actor=ANYONE, item_id=items[2].id, changes={"input": {"answer": "another"}}
    )
    await room.services.datasets.add_items(
        actor=ANYONE, dataset_id=dataset.id, items=[NewItem(input={"answer": "new"})]
    )
    run = await room.finished(await room.start(dataset, await replay_of(room, source)))

    problems = {record.item_id: record.error for record in await room.records(run)}
    assert problems.pop(items[0].id) is None
    assert {problem.code for problem in problems.values() if problem} == {"NOT_REPLAYED"}
    assert sorted(problem.message for problem in problems.values() if problem) == [
        "The replayed run has an error instead of an output: It is broken.",
        "The replayed run has no record of this item and trial.",
        "This item's input has changed since the replayed run; that output answers another.",
    ]
    assert (run.status, run.progress.completed, run.progress.errored) == (RunStatus.COMPLETED, 4, 3)


async def test_submitted_outputs_are_replayed_too(room: Room) -> None:
    dataset = await room.dataset([{"answer": "0"}, {"answer": "1"}])
    source = await room.start(dataset, None)
    items = await items_of(room, dataset)
    await room.services.submissions.submit(
        actor=ANYONE, run_id=source.id, submitted=[Submitted(item_id=items[1].id, output="yes", trace_id="t-1")]
    )
    await room.services.runs.finish(actor=ANYONE, run_id=source.id)
    source = await room.finished(source)

    run = await room.finished(await room.start(dataset, await replay_of(room, source)))

    found = [(record.status, record.output, record.trace_id) for record in await room.records(run)]
    assert found == [(RecordStatus.ERRORED, None, None), (RecordStatus.COMPLETED, "yes", "t-1")]


async def refusal(asked: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await asked
    return caught.value


async def test_a_run_that_can_not_be_replayed_is_refused_at_the_start(room: Room, tmp_path: Path) -> None:
    dataset, source, _ = await a_run(room, tmp_path)
    version = await replay_of(room, source)
    other = await room.dataset([{"answer": "0"}])
    open_run = await room.start(None, None)

    too_many = await refusal(room.start(dataset, version, trials=2))
    elsewhere = await refusal(room.start(other, version))
    unended = await refusal(room.start(dataset, await replay_of(room, open_run)))

    assert (type(too_many), too_many.field) == (BadInput, "input.trials")
    assert (type(elsewhere), elsewhere.field) == (BadInput, "input.datasetId")
    assert (type(unended), unended.field) == (Conflict, "input.systemVersionId")
    assert "is RUNNING; wait until it has ended." in unended.message
    await room.services.runs.delete(actor=ANYONE, run_id=source.id)
    gone = await refusal(room.start(dataset, version))
    assert (type(gone), gone.field, gone.message) == (NotFound, "input.systemVersionId", "There is no such run.")


async def test_another_projects_run_is_an_unknown_one(room: Room, tmp_path: Path) -> None:
    _, source, _ = await a_run(room, tmp_path)
    elsewhere = await room.services.projects.create(actor=ANYONE, name="elsewhere")
    system = await room.services.systems.create(actor=ANYONE, project_id=elsewhere.id, name="s")
    owner = Actor(name="owner", role=Role.ADMIN, project_id=elsewhere.id)

    answers = [
        await refusal(
            room.services.systems.create_version(
                actor=actor, system_id=system.id, name="v", target="replay", config={"run_id": named}
            )
        )
        for actor in (owner, ANYONE)
        for named in (global_id("Run", source.id), global_id("Run", "0" * 24), global_id("Dataset", source.id), "x")
    ]

    assert {(type(entry), entry.field, entry.message) for entry in answers} == {
        (NotFound, "input.config.run_id", "There is no such run.")
    }

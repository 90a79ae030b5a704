"""Runs that use outputs of earlier ones again: what is equal is not called twice, and nothing else is left out."""

import asyncio
from pathlib import Path
from typing import Any

from evalyard_core.domain.caching import RunCache
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.records import RecordStatus
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from tests.fixtures.commands import Commands
from tests.support.caching import HOUR, grow_older, looked_up
from tests.support.room import Room

KEY = "answer_key"


class Asking:
    """A dataset over a system that notes its calls."""

    def __init__(self, room: Room, tmp_path: Path) -> None:
        self.room = room
        self.log = tmp_path / "calls"
        self.log.touch()
        self._noted = 0

    async def open(self, count: int = 4) -> "Asking":
        self.dataset = await self.room.dataset(self.inputs(count))
        self.version = await self.room.system("logged")
        return self

    def inputs(self, count: int) -> list[dict[str, Any]]:
        return [{"answer": str(place), "log": str(self.log)} for place in range(count)]

    async def run(
        self,
        *,
        cache: RunCache = HOUR,
        dataset: Dataset | None = None,
        version: SystemVersion | None = None,
        **more: Any,
    ) -> Run:
        started = await self.room.start(dataset or self.dataset, version or self.version, cache=cache, **more)
        return await self.room.finished(started)

    def calls(self) -> int:
        """Return how often the system was called since the last time."""
        noted = len(self.log.read_text().splitlines())
        since, self._noted = noted - self._noted, noted
        return since


async def test_the_same_question_is_asked_once(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    first = await asking.run()
    assert asking.calls() == 4

    second = await asking.run()

    assert asking.calls() == 0
    sources, records = await room.records(first), await room.records(second)
    assert [record.output for record in records] == ["0", "1", "2", "3"]
    assert [record.cached_from.record_id for record in records if record.cached_from] == [r.id for r in sources]
    assert {(r.status, r.attempts, r.latency_ms, r.cost_usd) for r in records} == {
        (RecordStatus.COMPLETED, 0, None, 0.0)
    }
    assert (first.progress.cached_answers, second.progress.cached_answers) == (0, 4)
    assert second.summary is not None
    assert (second.status, second.summary.average_latency_ms) == (RunStatus.COMPLETED, None)


async def test_nothing_is_paid_again_and_evaluators_see_what_it_took(room: Room) -> None:
    dataset, priced = await room.dataset([{"answer": "a"}, {"answer": "b"}]), await room.system("priced")
    cost = await room.evaluator("cost")
    first = await room.finished(await room.start(dataset, priced, [cost], cache=HOUR))

    second = await room.finished(await room.start(dataset, priced, [cost], cache=HOUR, max_cost_usd=0.01))

    assert (first.progress.cost_usd, first.progress.tokens) == (0.02, 10)
    assert (second.status, second.progress.cost_usd, second.progress.tokens) == (RunStatus.COMPLETED, 0.0, 0)
    records = await room.records(second)
    assert [(r.cost_usd, r.prompt_tokens, r.completion_tokens) for r in records] == [(0.0, 0, 0)] * 2
    assert [score.value for record in records for score in record.scores] == [0.01, 0.01]
    assert [record.cached_from.cost_usd for record in records if record.cached_from] == [0.01, 0.01]


async def test_a_run_that_does_not_ask_uses_and_leaves_nothing(
    room: Room, room_commands: Commands, tmp_path: Path
) -> None:
    asking = await Asking(room, tmp_path).open()
    await asking.run(cache=RunCache())
    assert asking.calls() == 4
    assert await room.store.records._rows.count_documents({KEY: {"$exists": True}}) == 0
    await asking.run()
    assert asking.calls() == 4
    room_commands.take()
    await asking.run(cache=RunCache())
    assert asking.calls() == 4
    assert not [command for command in room_commands.take() if command.get("aggregate") == "records"]


async def test_a_page_of_records_is_looked_up_at_once(room: Room, room_commands: Commands, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open(20)
    await asking.run(trials=2)
    room_commands.take()
    second = await asking.run(trials=2)

    # A page for each of the four lanes.
    assert looked_up(room_commands.take(), KEY) == [10, 10, 10, 10]
    assert second.progress.cached_answers == 40


async def test_what_is_too_old_is_asked_anew_and_then_used(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    first = await asking.run()
    await grow_older(room.store, first, 3500)
    second = await asking.run()
    assert (asking.calls(), second.progress.cached_answers) == (4, 4)

    # What was used again does not look younger for it.
    await grow_older(room.store, first, 200)
    third = await asking.run()
    assert (asking.calls(), third.progress.cached_answers) == (4, 0)
    fourth = await asking.run()
    assert [record.cached_from.record_id for record in await room.records(fourth) if record.cached_from] == [
        record.id for record in await room.records(third)
    ]


async def test_an_age_of_nought_asks_anew_and_leaves_answers(
    room: Room, room_commands: Commands, tmp_path: Path
) -> None:
    asking = await Asking(room, tmp_path).open()
    await asking.run()
    room_commands.take()
    anew = await asking.run(cache=RunCache(answers_max_age_seconds=0))
    assert (asking.calls(), looked_up(room_commands.take(), KEY)) == (8, [])

    third = await asking.run()
    origins = {record.cached_from.record_id for record in await room.records(third) if record.cached_from}
    assert origins == {record.id for record in await room.records(anew)}


async def test_trials_never_share_an_answer(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open(3)
    await asking.run()
    assert asking.calls() == 3

    second = await asking.run(trials=3)

    assert asking.calls() == 6
    cached = {(record.trial, record.cached_from is not None) for record in await room.records(second)}
    assert cached == {(1, True), (2, False), (3, False)}


async def test_versions_with_one_config_share_and_others_do_not(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    await asking.run()
    assert asking.calls() == 4

    same = await asking.run(version=await room.system("logged"))
    assert (asking.calls(), same.progress.cached_answers) == (0, 4)
    other = await asking.run(version=await room.system("echo"))
    assert (other.progress.cached_answers, other.progress.completed) == (0, 4)


async def test_a_question_is_its_input_and_its_metadata(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    await asking.run()
    assert asking.calls() == 4

    known, new = asking.inputs(3), {**asking.inputs(1)[0], "answer": "new"}
    elsewhere = await room.dataset([*known, new], expected=["x"] * 4)
    in_german = NewItem(input=known[0], metadata={"language": "de"})
    await room.services.datasets.add_items(actor=ANYONE, dataset_id=elsewhere.id, items=[in_german])
    run = await asking.run(dataset=elsewhere)

    assert asking.calls() == 2
    assert [record.cached_from is not None for record in await room.records(run)] == [True, True, True, False, False]


async def test_another_projects_answers_are_not_used(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    await asking.run()
    assert asking.calls() == 4

    room.project = await room.services.projects.create(actor=ANYONE, name="elsewhere")
    elsewhere = await Asking(room, tmp_path).open()
    run = await elsewhere.run()

    assert (asking.calls(), run.progress.cached_answers) == (4, 0)


async def test_errors_are_not_used_again(room: Room) -> None:
    dataset = await room.dataset([{"answer": "0"}, {"answer": "1", "broken": True}])
    moody = await room.system("moody")
    await room.finished(await room.start(dataset, moody, cache=HOUR))

    run = await room.finished(await room.start(dataset, moody, cache=HOUR))
    retried = await room.finished(await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id))

    assert (run.progress.cached_answers, run.progress.errored) == (1, 1)
    assert (retried.progress.cached_answers, retried.progress.errored) == (1, 1)
    good, bad = await room.records(retried)
    assert (good.cached_from is not None, good.attempts) == (True, 0)
    assert (bad.cached_from, bad.attempts, bad.error is not None) == (None, 2, True)


async def test_what_a_cancelled_run_has_paid_for_is_used(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open(40)
    run = await room.start(asking.dataset, asking.version, cache=HOUR)
    await room.turn()
    await room.turn()
    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    await room.deliver()
    paid = asking.calls()

    again = await asking.run()

    assert 0 < paid < 40
    assert (asking.calls(), again.progress.cached_answers) == (40 - paid, paid)


async def test_two_runs_at_once_each_come_to_their_end(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open(30)
    runs = [await room.start(asking.dataset, asking.version, cache=HOUR) for _ in range(2)]
    plans, room.mailbox.messages = room.mailbox.messages, []
    for message in plans:
        await room.turn(message)
    await asyncio.gather(*(room.engine.work(*message) for message in room.mailbox.messages))
    room.mailbox.messages.clear()
    await room.sweeper().sweep()

    ended = [await room.finished(run) for run in runs]

    cached = sum(run.progress.cached_answers for run in ended)
    assert [(run.status, run.progress.completed) for run in ended] == [(RunStatus.COMPLETED, 30)] * 2
    assert asking.calls() == 60 - cached
    third = await asking.run()
    assert (asking.calls(), third.progress.cached_answers) == (0, 30)


async def test_a_rerun_asks_for_what_its_run_asked_for(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    first = await asking.run()
    assert asking.calls() == 4

    again = await room.services.runs.rerun(actor=ANYONE, run_id=first.id, changes={})
    assert again.settings.cache == HOUR
    assert (await room.finished(again)).progress.cached_answers == 4
    without = await room.services.runs.rerun(actor=ANYONE, run_id=first.id, changes={"cache": RunCache()})
    assert (await room.finished(without)).progress.cached_answers == 0


async def test_what_was_deleted_is_not_used(room: Room, tmp_path: Path) -> None:
    asking = await Asking(room, tmp_path).open()
    first = await asking.run()
    used = await asking.run()
    await room.services.runs.delete(actor=ANYONE, run_id=first.id)
    assert asking.calls() == 4

    third = await asking.run()

    assert (asking.calls(), third.progress.cached_answers) == (4, 0)
    assert [record.output for record in await room.records(used)] == ["0", "1", "2", "3"]
    await room.services.projects.delete(actor=ANYONE, project_id=room.project.id)
    assert await room.store.records._rows.count_documents({}) == 0


async def test_large_answers_are_read_a_few_at_a_time(room: Room, room_commands: Commands) -> None:
    size = 5_000_000
    dataset, long = await room.dataset([{"length": size, "answer": n} for n in range(6)]), await room.system("long")
    await room.finished(await room.start(dataset, long, cache=HOUR, concurrency=1))
    room_commands.take()

    run = await room.finished(await room.start(dataset, long, cache=HOUR, concurrency=1))

    assert run.progress.cached_answers == 6
    # After 16 million characters the others are read one by one.
    assert looked_up(room_commands.take(), KEY) == [6, 1, 1]
    assert {len(record.output) for record in await room.records(run)} == {size}

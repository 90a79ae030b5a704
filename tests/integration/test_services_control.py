"""What is done to runs, by whom, and what comes of it; in which states: see test_run_states."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem, RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import Progress, Run, RunSource, RunStatus, RunSummary, Tally
from evalyard_core.domain.scores import failed
from evalyard_core.domain.tasks import TaskState, lane_task
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from tests.fixtures.core import a_score, a_system, a_system_version, an_evaluator
from tests.fixtures.house import House
from tests.fixtures.objects import a_record

PENDING, RUNNING, SCORING, COMPLETED, FAILED, CANCELLED = RunStatus
BROKEN = Problem("HTTP_500", "It broke.")


async def a_run_in(house: House, status: RunStatus, *, external: bool = False, **changes: Any) -> Run:
    """Store a run in a state that it came to somehow, with a record of each outcome and its lanes done."""
    dataset, evaluator = await house.dataset(1), an_evaluator(house.project.id)
    await house.store.evaluators.add(evaluator)
    given: dict[str, Any] = {"dataset_id": dataset.id, "evaluator_ids": [evaluator.id]}
    if not external:
        version = a_system_version(system := a_system(house.project.id))
        await house.store.systems.add(system)
        await house.store.system_versions.add(version)
        given["system_version_id"] = version.id
    started = await house.start(**given)
    score = a_score(evaluator_id=started.evaluators[0].evaluator_id)
    run = replace(
        started,
        **{
            "status": status,
            "started_at": now() - timedelta(seconds=60),
            "finished_at": now() if status in {COMPLETED, FAILED, CANCELLED} else None,
            "progress": Progress(total=4, completed=4, passed=1, failed=1, errored=2),
            **changes,
        },
    )
    document = house.store.runs._codec.encode(run) | {"at": run.created_at, "next_seq": 4}
    await house.store.runs._rows.replace_one({"_id": run.id}, document)
    await house.store.records.add(
        [
            a_record(run, 0, output=1, scores=(score,), verdict=Verdict.PASSED),
            a_record(run, 1, output=1, scores=(replace(score, passed=False),), verdict=Verdict.FAILED),
            a_record(run, 2, output=1, scores=(failed(score, BROKEN),), verdict=Verdict.ERRORED),
            a_record(run, 3, status=RecordStatus.ERRORED, error=BROKEN, verdict=Verdict.ERRORED),
        ]
    )
    await house.store.tasks.delete_of_run(run.id)
    done = [lane_task(run.id, run.project_id, lane, TaskState.DONE, now()) for lane in range(run.settings.lanes)]
    await house.store.tasks.add(done)
    house.hints.clear()
    return run


async def statuses(house: House, run: Run) -> list[RecordStatus]:
    """Return the statuses of a run's records in their order."""
    rows = house.store.records._rows.find({"run_id": run.id}).sort("seq")
    return [RecordStatus(row["status"]) async for row in rows]


@pytest.mark.parametrize("action", ["cancel", "finish", "rerun", "rescore", "retry", "delete", "submit", "update"])
async def test_an_action_needs_its_role_and_its_project(house: House, action: str):
    external = action in {"finish", "submit"}
    run = await a_run_in(house, RUNNING if external or action == "cancel" else COMPLETED, external=external)
    needed = Role.ADMIN if action == "delete" else Role.EDITOR
    services, here = house.services, {"run_id": run.id}
    for role, project_id in product(Role, [house.project.id, new_id()]):
        actor = house.key(role, project_id)
        if role.allows(needed) and project_id == house.project.id:
            continue
        asked: dict[str, Callable[[], Awaitable[Any]]] = {
            "cancel": lambda actor=actor: services.runs.cancel(actor=actor, **here),
            "finish": lambda actor=actor: services.runs.finish(actor=actor, **here),
            "rerun": lambda actor=actor: services.runs.rerun(actor=actor, **here, changes={}),
            "rescore": lambda actor=actor: services.runs.rescore(actor=actor, **here),
            "retry": lambda actor=actor: services.runs.retry_errored(actor=actor, **here),
            "delete": lambda actor=actor: services.runs.delete(actor=actor, **here),
            "submit": lambda actor=actor: services.submissions.submit(
                actor=actor, **here, submitted=[Submitted(input=1, output=1)]
            ),
            "update": lambda actor=actor: services.runs.update(actor=actor, **here, changes={"name": "x"}),
        }
        refusal = await house.refusal(asked[action]())
        assert type(refusal) is (Forbidden if project_id == house.project.id else NotFound)


async def test_a_cancelled_run_keeps_what_was_stored_and_wakes_its_lanes(house: House):
    run = await a_run_in(house, RUNNING)
    await house.store.records.add([a_record(run, n, status=list(RecordStatus)[n % 3]) for n in range(4, 10)])
    await house.store.tasks.delete_of_run(run.id)
    lanes = [lane_task(run.id, run.project_id, lane, TaskState.READY, now()) for lane in range(4)]
    await house.store.tasks.add(lanes)
    held = await house.store.tasks.claim(lanes[0].id, 1, "worker", 60)
    cancelled = await house.services.runs.cancel(actor=house.key(Role.EDITOR), run_id=run.id)
    assert (cancelled.status, cancelled.status_reason) == (CANCELLED, "Cancelled by EDITOR key.")
    assert cancelled.finished_at is not None
    assert (await statuses(house, run))[4:] == [RecordStatus.CANCELLED] * 6
    assert sorted(house.hints) == [(lane.id, 1) for lane in lanes[1:]]
    assert held is not None
    there = await house.store.tasks.get(held.id)
    assert there is not None
    assert (there.owner, there.ticket) == (held.owner, 2)


async def test_a_finished_run_is_scored_to_its_end_and_finishing_twice_is_finishing_once(house: House):
    run = await house.start()
    finished = await house.services.runs.finish(actor=ANYONE, run_id=run.id)
    assert finished.status is SCORING
    lanes = [(f"{run.id}.{lane}", 2) for lane in range(4)]
    assert sorted(house.hints) == lanes
    house.hints.clear()
    assert await house.services.runs.finish(actor=ANYONE, run_id=run.id) == finished


async def test_a_run_whose_finishing_was_interrupted_is_ended_by_the_sweeper(house: House):
    """Whoever is killed after the run was moved, and before its lanes were woken, leaves idle lanes."""
    run = await house.start()
    await house.store.runs.move(run.id, SCORING, of=[RUNNING], at=now())
    assert run.id in await house.store.runs.without_end()
    assert await house.store.tasks.unfinished(run.id) == 0
    ended = await house.services.runs.end(run_id=run.id)
    assert ended is not None
    assert (ended.status, ended.summary) == (COMPLETED, RunSummary(total_duration_ms=ended.summary.total_duration_ms))  # type: ignore[union-attr]


async def test_a_run_that_takes_records_in_is_not_ended_though_its_lanes_are_idle(house: House):
    run = await house.start()
    assert await house.store.tasks.unfinished(run.id) == 0
    assert await house.services.runs.end(run_id=run.id) == run
    assert await house.store.runs.get(run.id) == run


@pytest.mark.parametrize("status", [CANCELLED, FAILED])
async def test_a_run_whose_stopping_was_interrupted_has_no_open_records_in_the_end(house: House, status: RunStatus):
    run = await a_run_in(house, status, summary=None)
    await house.store.records.add([a_record(run, n, status=list(RecordStatus)[n - 4]) for n in (4, 5, 6)])
    assert run.id in await house.store.runs.without_end()
    ended = await house.services.runs.end(run_id=run.id)
    assert ended is not None
    assert (ended.status, ended.finished_at) == (status, run.finished_at)
    assert ended.progress == Progress(total=7, completed=4, passed=1, failed=1, errored=2, cancelled=3)
    assert run.id not in await house.store.runs.without_end()


async def test_the_end_of_a_run_is_exact_and_the_same_however_often_it_comes(house: House):
    run = await a_run_in(house, RUNNING, progress=Progress(total=99, running=7), tallies={"x": Tally(scored=5)})
    ended = await house.services.runs.end(run_id=run.id)
    assert ended is not None
    assert ended.progress == Progress(total=4, completed=4, passed=1, failed=1, errored=2)
    [key] = [entry.evaluator_id for entry in run.evaluators]
    assert ended.tallies == {key: Tally(scored=2, passed=1, failed=1, errored=1)}
    assert ended.summary is not None
    assert (ended.summary.passed, ended.summary.failed, ended.summary.errored) == (1, 1, 2)
    assert ended.summary.pass_rate == 0.25
    assert ended.summary.total_duration_ms == pytest.approx(60_000, abs=5_000)
    assert ended.distributions[key].first_error == "It broke."
    again = await house.services.runs.end(run_id=run.id)
    assert again == replace(ended, revision=ended.revision + 1)
    assert await house.services.runs.end(run_id="nothing") is None


async def test_a_run_with_open_records_goes_on_instead_of_ending(house: House):
    run = await a_run_in(house, RUNNING)
    await house.store.records.add([a_record(run, 4, status=RecordStatus.PENDING)])
    going_on = await house.services.runs.end(run_id=run.id)
    assert going_on == run
    assert len(house.hints) == 4
    assert await house.store.tasks.unfinished(run.id) == 4


async def test_figures_that_are_old_when_they_are_stored_are_made_again(house: House, monkeypatch: pytest.MonkeyPatch):
    """Somebody scores the run again while a second worker is still summing it up."""
    run = await a_run_in(house, COMPLETED)
    conclude = house.store.runs.conclude
    rescored: list[Run] = []

    async def slow(*args: Any, **options: Any) -> Run | None:
        if not rescored:
            rescored.append(await house.services.runs.rescore(actor=ANYONE, run_id=run.id))
        return await conclude(*args, **options)

    monkeypatch.setattr(house.store.runs, "conclude", slow)
    going_on = await house.services.runs.end(run_id=run.id)
    assert going_on is not None
    assert (going_on.status, going_on.progress.running, going_on.progress.completed) == (SCORING, 3, 1)
    assert (await statuses(house, run)).count(RecordStatus.SCORING) == 3


async def test_scoring_again_reopens_what_was_carried_out_and_counts_it_as_waiting(house: House):
    run = await a_run_in(house, CANCELLED, summary=RunSummary(total_duration_ms=1234.0))
    new = await house.evaluator()
    old = run.evaluators[0]
    changed = await house.services.runs.rescore(actor=ANYONE, run_id=run.id, evaluator_ids=[new.id, new.id])
    assert (changed.status, changed.rescoring) == (SCORING, (new.id,))
    assert changed.evaluators[0] == old
    assert [entry.evaluator_id for entry in changed.evaluators] == [old.evaluator_id, new.id]
    assert await statuses(house, run) == [RecordStatus.SCORING] * 3 + [RecordStatus.ERRORED]
    counted = await house.store.runs.get(run.id)
    assert counted is not None
    assert counted.progress == Progress(total=4, running=3, completed=1, errored=1)
    assert counted.tallies == {}
    assert len(house.hints) == 4
    assert await house.store.tasks.unfinished(run.id) == 4


async def test_scoring_again_takes_the_evaluators_as_they_now_are(house: House):
    run = await a_run_in(house, COMPLETED)
    [old] = run.evaluators
    await house.services.evaluators.update(actor=ANYONE, evaluator_id=old.evaluator_id, changes={"config": {"a": 9}})
    changed = await house.services.runs.rescore(actor=ANYONE, run_id=run.id)
    assert [(entry.version, entry.config) for entry in changed.evaluators] == [(2, {"a": 9})]
    assert changed.rescoring == (old.evaluator_id,)


async def test_a_run_that_was_scored_again_took_no_longer_for_it(house: House):
    run = await a_run_in(house, SCORING, rescoring=("x",), summary=RunSummary(total_duration_ms=1234.0))
    ended = await house.services.runs.end(run_id=run.id)
    assert ended is not None
    assert ended.summary is not None
    assert (ended.summary.total_duration_ms, ended.summary.errored) == (1234.0, 2)


async def test_what_can_not_be_scored_again_is_refused(house: House):
    run = await a_run_in(house, COMPLETED)
    bare = await a_run_in(house, COMPLETED, evaluators=())
    cases: list[tuple[Run, list[str] | None, type[Exception], str]] = [
        (run, ["nothing"], NotFound, "evaluatorIds[0]"),
        (run, [str(n) for n in range(51)], LimitExceeded, "evaluatorIds"),
        (bare, None, BadInput, "evaluatorIds"),
    ]
    for which, ids, kind, field in cases:
        rescoring = house.services.runs.rescore(actor=ANYONE, run_id=which.id, evaluator_ids=ids)
        refusal = await house.refusal(rescoring)
        assert (type(refusal), refusal.field) == (kind, field)


async def test_retrying_reopens_what_errored_and_nothing_else(house: House):
    run = await a_run_in(house, FAILED, status_reason="Over budget.")
    changed = await house.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
    assert (changed.status, changed.status_reason, changed.finished_at) == (RUNNING, None, None)
    assert await statuses(house, run) == [
        RecordStatus.COMPLETED,
        RecordStatus.COMPLETED,
        RecordStatus.SCORING,
        RecordStatus.PENDING,
    ]
    counted = await house.store.runs.get(run.id)
    assert counted is not None
    assert counted.progress == Progress(total=4, running=1, completed=2, passed=1, failed=1)
    good = await a_run_in(house, COMPLETED, progress=Progress(total=4, completed=4, passed=4))
    refusal = await house.refusal(house.services.runs.retry_errored(actor=ANYONE, run_id=good.id))
    assert (type(refusal), refusal.message) == (Conflict, f"Run {good.number} has no errored records.")


async def test_a_rerun_is_like_the_run_but_for_what_is_changed(house: House):
    run = await a_run_in(house, COMPLETED, tags=("a",), metadata={"m": 1})
    [item] = await house.items(await _dataset_of(house, run))
    await house.services.datasets.update_item(actor=ANYONE, item_id=item.id, changes={"input": 2})
    again = await house.services.runs.rerun(actor=ANYONE, run_id=run.id, changes={})
    assert (again.rerun_of, again.source, again.status) == (run.id, RunSource.KICKOFF, PENDING)
    assert (again.dataset, again.system, again.tags, again.metadata) == (run.dataset, run.system, ("a",), {"m": 1})
    assert (again.evaluators, again.settings) == (run.evaluators, run.settings)
    assert again.number > run.number
    version, evaluator = await house.system_version(), await house.evaluator()
    other = await house.services.runs.rerun(
        actor=ANYONE,
        run_id=run.id,
        changes={
            "system_version_id": version.id,
            "evaluator_ids": [evaluator.id],
            "name": "other",
            "source": RunSource.CI,
            "trials": 3,
        },
    )
    assert other.system is not None
    assert (other.system.version_id, other.evaluators[0].evaluator_id) == (version.id, evaluator.id)
    assert (other.name, other.source, other.settings) == ("other", RunSource.CI, replace(run.settings, trials=3))
    external = await a_run_in(house, COMPLETED, external=True)
    called = await house.services.runs.rerun(
        actor=ANYONE, run_id=external.id, changes={"system_version_id": version.id}
    )
    assert called.system == other.system


async def _dataset_of(house: House, run: Run) -> Any:
    assert run.dataset is not None
    return await house.store.datasets.get(run.dataset.id)


async def test_a_deleted_run_leaves_nothing(house: House):
    run, other = await a_run_in(house, COMPLETED), await a_run_in(house, COMPLETED)
    record_id = (await house.store.records._rows.find_one({"run_id": run.id}) or {})["_id"]
    for value in (True, False):
        await house.services.records.add_score(actor=ANYONE, record_id=record_id, name="tone", value=value)
    kept = await statuses(house, other)
    await house.services.runs.delete(actor=house.key(Role.ADMIN), run_id=run.id)
    for name in ("records", "tasks", "score_history"):
        assert await house.store._database[name].count_documents({"run_id": run.id}) == 0
    assert await house.store.runs._rows.find_one({"_id": run.id}) is None
    assert await statuses(house, other) == kept
    assert ScoreStatus.OK

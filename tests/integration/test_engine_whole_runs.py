"""Corpus metrics, several scores and expensive evaluators in real runs."""

import asyncio
from typing import Any

import pytest

from evalyard_core.domain.evaluators import Evaluator, Threshold, ThresholdOperator
from evalyard_core.domain.explaining import explain_scoring, scoring_status
from evalyard_core.domain.records import ScoreStatus, Verdict
from evalyard_core.domain.runs import Run, RunStatus, ScoringStatus
from evalyard_core.domain.scored import scores_beside, spent_by
from evalyard_core.domain.tasks import TaskKind, TaskState
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from evalyard_workers.plugins.rules import PluginRules
from tests.support.room import Room

pytestmark = pytest.mark.usefixtures("acme_quality")

#: The contract is the same wherever a plugin runs.
anywhere = pytest.mark.parametrize(
    "plugin_rules", [PluginRules(trusted=("acme-*",)), PluginRules()], ids=["here", "elsewhere"]
)

ANSWERS = ["a b", "a", "c d please", "x y z w"]
EXPECTED = ["a b", "a b", "c d", "q"]


async def started(room: Room, *evaluators: Evaluator, inputs: Any = None, **settings: Any) -> Run:
    """Start a run of four records."""
    given = inputs or [{"answer": answer} for answer in ANSWERS]
    dataset = await room.dataset(given, expected=EXPECTED[: len(given)])
    return await room.start(dataset, await room.system("moody"), evaluators, **settings)


async def tasks_of(room: Room, run: Run) -> dict[TaskKind, set[TaskState]]:
    """Return the states of a run's tasks by their kinds."""
    found: dict[TaskKind, set[TaskState]] = {}
    async for row in room.store.tasks._rows.find({"run_id": run.id}):
        found.setdefault(TaskKind(row["kind"]), set()).add(TaskState(row["state"]))
    return found


@anywhere
async def test_a_run_is_scored_record_by_record_and_as_a_whole(room: Room) -> None:
    at_least = Threshold(operator=ThresholdOperator.GTE, value=0.5)
    overlap = await room.evaluator("acme-quality/overlap", threshold=at_least)
    spread = await room.evaluator("spread")

    run = await room.finished(await started(room, overlap, spread))

    assert run.status is RunStatus.COMPLETED
    records = await room.records(run)
    assert [
        [(s.name.removeprefix(overlap.name), round(s.value, 3), s.passed) for s in r.scores] for r in records[:2]
    ] == [
        [("", 1.0, True), (": precision", 1.0, None), (": recall", 1.0, None)],
        [("", 0.667, True), (": precision", 1.0, None), (": recall", 0.5, None)],
    ]
    assert [record.verdict for record in records] == [Verdict.PASSED] * 3 + [Verdict.FAILED]
    names = scores_beside(run, run.evaluators[0])
    assert list(names) == ["precision", "recall"]
    assert run.distributions[names["recall"]].mean == (1 + 0.5 + 1 + 0) / 4
    assert run.tallies[names["recall"]].scored == 4

    whole = run.run_scores[overlap.id]
    assert (whole.score.value, whole.score.passed, whole.cases) == (pytest.approx(2 * 5 / (10 + 7)), True, 4)
    assert [(score.name, score.value) for score in whole.others] == [
        (f"{overlap.name}: precision", 0.5),
        (f"{overlap.name}: recall", pytest.approx(5 / 7)),
    ]
    assert run.run_scores[spread.id].score.value == pytest.approx(1.118, abs=1e-3)
    assert [score.explanation for score in run.run_scores[spread.id].others] == ["In words."]
    assert {scoring_status(run, evaluator.id) for evaluator in (overlap, spread)} == {ScoringStatus.COMPLETED}
    assert explain_scoring(run, spread.id) == "The run was scored as a whole, over 4 records."
    assert explain_scoring(run, overlap.id) == ("4 of 4 records scored. The run was scored as a whole, over 4 records.")
    assert not any(score.given_by == spread.id for record in records for score in record.scores)


async def test_it_happens_once_when_the_last_record_is_done(room: Room) -> None:
    spread = await room.evaluator("spread")
    run = await started(room, spread)
    while len(room.mailbox.messages) != 1 or room.mailbox.messages[0][0] != f"{run.id}.score":
        await room.turn()
    waiting = await room.store.runs.get(run.id)
    assert waiting is not None
    assert (waiting.status, waiting.run_scores) == (RunStatus.SCORING, {})
    assert scoring_status(waiting, spread.id) is ScoringStatus.RUNNING
    assert explain_scoring(waiting, spread.id) == "The run is scored as a whole when its records are done."

    # Somebody else finds that the run has come to its end, and messages come twice.
    await room.services.runs.end(run_id=run.id)
    messages = [*room.mailbox.messages, *room.mailbox.messages]
    await asyncio.gather(*(room.new_engine().work(*message) for message in messages))
    ended = await room.finished(run)

    assert ended.status is RunStatus.COMPLETED
    assert ended.run_scores[spread.id].score.value == pytest.approx(1.118, abs=1e-3)
    assert await tasks_of(room, run) == {
        TaskKind.PLAN: {TaskState.DONE},
        TaskKind.EXECUTE: {TaskState.DONE},
        TaskKind.SCORE_RUN: {TaskState.DONE},
    }


async def test_a_second_result_changes_nothing(room: Room) -> None:
    spread, overlap = await room.evaluator("spread"), await room.evaluator("overlap")
    ended = await room.finished(await started(room, spread, overlap))
    said = ended.run_scores[spread.id]
    assert not await room.store.runs.store_run_score(ended.id, spread.id, said)
    assert await room.store.runs.get(ended.id) == ended

    again = await room.services.runs.rescore(actor=ANYONE, run_id=ended.id, evaluator_ids=[overlap.id])
    assert again.status is RunStatus.SCORING
    assert not await room.store.runs.store_run_score(ended.id, spread.id, said)
    assert await room.store.runs.get(ended.id) == again
    assert await room.store.runs.store_run_score(ended.id, overlap.id, said)


async def test_scoring_again_replaces_what_was_said_and_keeps_it_readable(room: Room) -> None:
    spread, overlap = await room.evaluator("spread"), await room.evaluator("overlap")
    first = await room.finished(await started(room, spread, overlap))

    await room.services.runs.rescore(actor=ANYONE, run_id=first.id, evaluator_ids=[spread.id])
    again = await room.finished(first)

    assert again.status is RunStatus.COMPLETED
    assert again.run_scores[overlap.id] == first.run_scores[overlap.id]
    assert again.run_scores[spread.id].score.created_at > first.run_scores[spread.id].score.created_at
    history = (await room.store.score_history.of_records([first.id]))[first.id]
    assert {score.key for score in history} == {score.key for score in first.run_scores[spread.id].scores}
    assert await room.records(again) == await room.records(first)


async def test_scores_beside_the_main_one_are_replaced_with_it(room: Room) -> None:
    overlap = await room.evaluator("overlap")
    run = await room.finished(await started(room, overlap))
    before = await room.records(run)

    await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    again = await room.finished(run)
    after = await room.records(run)

    assert [[score.key for score in record.scores] for record in after] == [
        [score.key for score in record.scores] for record in before
    ]
    history = await room.store.score_history.of_records([record.id for record in before])
    assert all({s.key for s in history[r.id]} == {s.key for s in r.scores} for r in before)
    assert again.tallies == run.tallies
    assert again.progress == run.progress


async def test_only_what_answered_counts_and_a_retry_scores_the_run_anew(room: Room) -> None:
    spread = await room.evaluator("spread")
    inputs = [{"answer": "a"}, {"answer": "a b c", "broken": True}, {"answer": "a b c"}]
    first = await room.finished(await started(room, spread, inputs=inputs))
    assert (first.run_scores[spread.id].cases, first.run_scores[spread.id].score.value) == (2, 1.0)
    assert first.progress.errored == 1

    await room.services.runs.retry_errored(actor=ANYONE, run_id=first.id)
    again = await room.finished(first)

    assert again.status is RunStatus.COMPLETED
    assert again.run_scores[spread.id].score.created_at > first.run_scores[spread.id].score.created_at


async def test_a_run_that_is_stopped_is_not_scored_as_a_whole(room: Room) -> None:
    spread = await room.evaluator("spread")
    run = await started(room, spread)
    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    cancelled = await room.finished(run)

    assert (cancelled.status, cancelled.run_scores) == (RunStatus.CANCELLED, {})
    assert scoring_status(cancelled, spread.id) is ScoringStatus.FAILED
    assert explain_scoring(cancelled, spread.id) == "The run was stopped before it was scored as a whole."


async def test_submitted_outputs_are_scored_as_a_whole_when_they_are_all_there(room: Room) -> None:
    spread = await room.evaluator("spread")
    run = await room.start(None, None, [spread])
    for part in ("a", "a b c"):
        await room.services.submissions.submit(
            actor=ANYONE, run_id=run.id, submitted=[Submitted(input=part, output=part)]
        )
        open_run = await room.finished(run)
        assert (open_run.status, open_run.run_scores) == (RunStatus.RUNNING, {})

    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    ended = await room.finished(run)

    assert ended.status is RunStatus.COMPLETED
    assert (ended.run_scores[spread.id].score.value, ended.run_scores[spread.id].cases) == (1.0, 2)
    assert [record.verdict for record in await room.records(run)] == [None, None]


async def test_what_is_left_of_it_waits_when_the_run_is_brought_back_to_work(room: Room) -> None:
    spread = await room.evaluator("spread")
    run = await started(room, spread)
    while room.mailbox.messages[0][0] != f"{run.id}.score":
        await room.turn()
    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    await room.services.runs.end(run_id=run.id)

    await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    room.mailbox.messages.sort(key=lambda message: not message[0].endswith(".score"))
    assert room.mailbox.messages[0][0] == f"{run.id}.score"
    again = await room.finished(run)

    assert again.status is RunStatus.COMPLETED
    assert again.run_scores[spread.id].cases == 4


async def test_a_worker_that_died_at_it_is_relieved(room: Room) -> None:
    spread = await room.evaluator("spread")
    run = await started(room, spread)
    while room.mailbox.messages[0][0] != f"{run.id}.score":
        await room.turn()
    await room.store.tasks.claim(*room.mailbox.messages.pop(0), "dead", 60)
    await room.expire(run)

    await room.sweeper().sweep()
    ended = await room.finished(run)

    assert ended.status is RunStatus.COMPLETED
    assert ended.run_scores[spread.id].score.status is ScoreStatus.OK


@anywhere
async def test_what_scoring_costs_is_counted(room: Room) -> None:
    judge, spread = await room.evaluator("judge"), await room.evaluator("spread")
    run = await room.finished(await started(room, judge, spread))

    words = sum(len(answer.split()) for answer in ANSWERS)
    assert [score.label for record in await room.records(run) for score in record.scores] == [
        *("plain", "plain", "polite", "plain"),
    ]
    assert run.summary is not None
    assert run.summary.total_cost_usd == pytest.approx(words / 1000 + 0.5)
    assert run.progress.cost_usd == run.summary.total_cost_usd
    assert run.summary.total_tokens == run.progress.tokens == words + len(ANSWERS) + 100
    judged, whole = (spent_by(run, evaluator) for evaluator in run.evaluators)
    assert (judged.cost_usd, judged.tokens) == (pytest.approx(words / 1000), words + len(ANSWERS))
    assert (whole.cost_usd, whole.tokens) == (0.5, 100)


@anywhere
async def test_an_evaluator_that_can_not_be_set_up_costs_its_own_scores_only(room: Room) -> None:
    judge, brief = await room.evaluator("judge", config={"name": "missing"}), await room.evaluator("brief")

    run = await room.finished(await started(room, judge, brief))

    assert run.status is RunStatus.COMPLETED
    assert (run.tallies[judge.id].errored, run.tallies[brief.id].scored) == (4, 4)
    assert explain_scoring(run, judge.id) == (
        "0 of 4 records scored, 4 errors: There is no judge called missing; choose another name."
    )

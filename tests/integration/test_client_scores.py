"""Scores that are sent along with the records, of evaluators that run beside the system."""

from typing import Any

import pytest

from evalyard_core.domain.client_scores import SubmittedScore
from evalyard_core.domain.errors import BadInput, Refusal
from evalyard_core.domain.evaluators import Evaluator, Threshold, ThresholdOperator
from evalyard_core.domain.records import Record, Score, ScoreSource, ScoreStatus, Verdict
from evalyard_core.domain.runs import Run, Tally
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from tests.support.room import Room

AT_LEAST_HALF = Threshold(operator=ThresholdOperator.GTE, value=0.5)
FUNCTION = {"function": "evals:polite", "source_hash": "0123"}


async def send(room: Room, run: Run, *scores: SubmittedScore, output: Any = "a", item_id: str | None = None) -> Record:
    record = Submitted(item_id=item_id, input="q", output=output, expected_output="a", scores=scores)
    _, [stored] = await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=[record])
    return stored


async def ended(room: Room, run: Run) -> Run:
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    return await room.finished(run)


def of(record: Record, evaluator: Evaluator) -> Score:
    [score] = [score for score in record.scores if score.evaluator_id == evaluator.id]
    return score


async def test_they_stand_beside_those_of_workers(room: Room):
    exact = await room.evaluator()
    polite = await room.evaluator("client_boolean", FUNCTION)
    long = await room.evaluator("evalyard/client_numeric", FUNCTION, threshold=AT_LEAST_HALF)
    run = await room.start(None, None, [exact, polite, long])
    said = SubmittedScore(
        evaluator_id=polite.id, value=True, explanation="It says please.", metadata={"words": 1}, duration_ms=0.5
    )
    await send(room, run, said, SubmittedScore(evaluator_id=long.id, value=0.25, cost_usd=0.125, prompt_tokens=7))
    run = await ended(room, run)
    [record] = await room.records(run)
    score = of(record, polite)
    assert (score.value, score.number, score.passed, score.explanation) == (True, 1.0, True, "It says please.")
    assert (score.source, score.plugin, score.plugin_version) == (ScoreSource.API, "evalyard/client_boolean", "1")
    assert (score.evaluator_version, score.metadata, score.duration_ms) == (1, {"words": 1}, 0.5)
    assert score.config_hash == run.evaluators[1].config_hash
    assert of(record, exact).source is ScoreSource.PLUGIN
    assert (of(record, long).passed, record.verdict) == (False, Verdict.FAILED)
    assert run.tallies[polite.id] == Tally(scored=1, passed=1)
    assert run.tallies[long.id] == Tally(scored=1, failed=1, cost_usd=0.125, tokens=7)
    assert run.distributions[long.id].mean == 0.25
    assert run.summary
    assert run.summary.total_cost_usd == 0.125


async def test_what_was_not_sent_or_gave_no_value_says_so(room: Room):
    evaluators = [await room.evaluator("client_text") for _ in range(3)]
    run = await room.start(None, None, evaluators)
    raised = SubmittedScore(evaluator_id=evaluators[0].id, error="ValueError: no words")
    await send(room, run, raised, SubmittedScore(evaluator_id=evaluators[1].id, skipped="It is empty."))
    [record] = await room.records(await ended(room, run))
    first, second, third = (of(record, evaluator) for evaluator in evaluators)
    assert (first.status, first.error and first.error.message) == (ScoreStatus.ERROR, "ValueError: no words")
    assert (second.status, second.explanation) == (ScoreStatus.SKIPPED, "It is empty.")
    assert (third.status, third.explanation) == (ScoreStatus.SKIPPED, "No score was sent along with the record.")


async def test_where_workers_call_the_system_there_is_none(room: Room):
    polite = await room.evaluator("client_boolean")
    dataset = await room.dataset([{"answer": "a"}])
    run = await room.finished(await room.start(dataset, await room.system("echo"), [polite]))
    [record] = await room.records(run)
    assert of(record, polite).status is ScoreStatus.SKIPPED


async def test_scoring_again_leaves_them(room: Room):
    exact, polite = await room.evaluator(), await room.evaluator("client_boolean")
    run = await room.start(None, None, [exact, polite])
    await send(room, run, SubmittedScore(evaluator_id=polite.id, value=False))
    run = await ended(room, run)
    with pytest.raises(BadInput, match="came with the records") as refused:
        await room.services.runs.rescore(actor=ANYONE, run_id=run.id, evaluator_ids=[exact.id, polite.id])
    assert refused.value.field == "evaluatorIds[1]"
    run = await room.finished(await room.services.runs.rescore(actor=ANYONE, run_id=run.id))
    [record] = await room.records(run)
    assert (of(record, polite).value, len(record.scores)) == (False, 2)
    assert run.tallies[polite.id] == Tally(scored=1, failed=1)


async def test_there_is_nothing_to_score_again_where_all_came_along(room: Room):
    run = await ended(room, await room.start(None, None, [await room.evaluator("client_boolean")]))
    with pytest.raises(BadInput, match="workers score with"):
        await room.services.runs.rescore(actor=ANYONE, run_id=run.id)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"value": 1}, "scores[0].value", "are boolean"),
        ({}, "scores[0]", "a value, or an error"),
        ({"value": True, "error": "no"}, "scores[0]", "a value, or an error"),
        ({"value": True, "cost_usd": -1.0}, "scores[0].costUsd", "0 or more"),
        ({"value": True, "prompt_tokens": 2**31}, "scores[0].promptTokens", "2,147,483,647"),
        ({"value": True, "explanation": "x" * 20_001}, "scores[0].explanation", "20,000 characters"),
        ({"value": True, "metadata": float("nan")}, "scores", "NaN"),
    ],
)
async def test_what_does_not_fit_is_refused(room: Room, given: dict[str, Any], field: str, sentence: str):
    polite = await room.evaluator("client_boolean")
    run = await room.start(None, None, [polite])
    with pytest.raises(Refusal, match=sentence) as refused:
        await send(room, run, SubmittedScore(evaluator_id=polite.id, **given))
    assert refused.value.field == f"records[0].{field}"
    assert await room.records(run) == []


async def test_scores_of_others_are_refused(room: Room):
    exact, polite = await room.evaluator(), await room.evaluator("client_boolean")
    run = await room.start(None, None, [exact, polite])
    yes = SubmittedScore(evaluator_id=polite.id, value=True)
    for place, scores in enumerate(
        [
            [SubmittedScore(evaluator_id=exact.id, value=True)],
            [SubmittedScore(evaluator_id="none", value=True)],
            [yes, yes],
        ]
    ):
        with pytest.raises(BadInput, match=("workers score", "does not use", "one score")[place]):
            await send(room, run, *scores)
    assert await room.records(run) == []


async def test_a_record_without_an_output_has_none(room: Room):
    polite = await room.evaluator("client_boolean")
    run = await room.start(None, None, [polite])
    failed = Submitted(input="q", error="no", scores=[SubmittedScore(evaluator_id=polite.id, value=True)])
    with pytest.raises(BadInput, match="leave them out"):
        await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=[failed])

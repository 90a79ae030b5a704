"""What a record took, as evaluators get it: in a run, and tried out."""

import pytest

from evalyard_core.domain.evaluators import Threshold, ThresholdOperator, VariableMapping
from evalyard_core.domain.records import ScoreStatus, Verdict
from evalyard_core.services.access import ANYONE
from evalyard_core.services.evaluators import Trial
from evalyard_core.services.submissions import Submitted
from tests.support.room import Room

AT_MOST_A_CENT = Threshold(operator=ThresholdOperator.LTE, value=0.01)


async def test_a_run_is_scored_by_what_its_records_took(room: Room) -> None:
    cost = await room.evaluator("evalyard-operations/cost", threshold=AT_MOST_A_CENT)
    tokens = await room.evaluator("evalyard-operations/tokens")
    latency = await room.evaluator("evalyard-operations/latency")
    attempts = await room.evaluator(
        "evalyard-operations/tokens", {"count": "prompt"}, [VariableMapping(variable="prompt", path="record.attempts")]
    )
    dataset = await room.dataset([{"answer": "a"}, {"answer": "b"}])

    run = await room.finished(await room.start(dataset, await room.system("priced"), [cost, tokens, latency, attempts]))

    for record in await room.records(run):
        scores = {score.evaluator_id: score for score in record.scores}
        assert (scores[cost.id].value, scores[cost.id].passed) == (0.01, True)
        assert (scores[tokens.id].value, scores[tokens.id].passed) == (5, None)
        assert scores[latency.id].value == pytest.approx(record.latency_ms)
        assert scores[attempts.id].value == 1
        assert record.verdict is Verdict.PASSED


async def test_a_record_whose_figures_are_not_known_is_skipped(room: Room) -> None:
    cost = await room.evaluator("evalyard-operations/cost", threshold=AT_MOST_A_CENT)
    tokens = await room.evaluator("evalyard-operations/tokens")
    run = await room.start(None, None, [cost, tokens])
    await room.services.submissions.submit(
        actor=ANYONE,
        run_id=run.id,
        submitted=[
            Submitted(input=1, output="a"),
            Submitted(input=2, output="b", cost_usd=0.02, prompt_tokens=3, completion_tokens=4),
        ],
    )
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)

    first, second = await room.records(await room.finished(run))

    assert [(score.status, score.explanation) for score in first.scores] == [
        (ScoreStatus.SKIPPED, "'cost_usd' has no value: nothing is at 'record.cost_usd' in this record."),
        (ScoreStatus.SKIPPED, "The record has no total tokens: nothing reported them."),
    ]
    assert [(score.value, score.passed) for score in second.scores] == [(0.02, False), (7, None)]
    assert (first.verdict, second.verdict) == (None, Verdict.FAILED)

    tried = [
        (await room.services.evaluators.try_out(actor=ANYONE, trial=trial))[0]
        for trial in (
            Trial(evaluator_id=tokens.id, record_id=second.id),
            Trial(evaluator_id=tokens.id, record_id=first.id),
            Trial(evaluator_id=tokens.id, output="made up"),
        )
    ]
    assert [(score.status, score.value) for score in tried] == [
        (ScoreStatus.OK, 7),
        (ScoreStatus.SKIPPED, None),
        (ScoreStatus.SKIPPED, None),
    ]


async def test_a_run_as_a_whole_is_scored_by_its_texts_and_figures(room: Room) -> None:
    """The run is the example of sacreBLEU's README, section "Using SacreBLEU from Python"."""
    answers = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
    references = [
        ["The dog bit the man.", "The dog had bit the man."],
        ["It was not unexpected.", "No one was surprised."],
        ["The man bit him first.", "The man had bitten the dog."],
    ]
    bleu = await room.evaluator("evalyard-reference/corpus_bleu")
    of_figures = await room.evaluator(
        "evalyard-reference/corpus_cer",
        mapping=[
            VariableMapping(variable="output", path="record.total_tokens"),
            VariableMapping(variable="expected", path="record.prompt_tokens"),
        ],
    )
    dataset = await room.dataset([{"answer": answer} for answer in answers], expected=references)

    run = await room.finished(await room.start(dataset, await room.system("priced"), [bleu, of_figures]))

    assert run.run_scores[bleu.id].score.value == pytest.approx(48.530827, abs=1e-6)
    # Each record took 3 tokens of 5 for its prompt: one character replaced in each.
    assert run.run_scores[of_figures.id].score.explanation == "3 records: 0 right, 3 replaced, 0 added, 0 missing."

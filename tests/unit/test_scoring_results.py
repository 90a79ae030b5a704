"""What the worker makes of several scores, costs, reasons and values that do not fit."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import evalyard
from evalyard import EvaluationError, ScoreType
from evalyard_core.domain.evaluators import Threshold, ThresholdOperator
from evalyard_core.domain.records import ScoreStatus, Verdict, verdict_of
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads
from tests.support.evaluators import context, ready


@pytest.fixture(scope="module")
def threads() -> Iterator[Threads]:
    with Threads(2) as pool:
        yield pool


class Several(evalyard.Evaluator):
    """Give what the output asks for."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: dict[str, Any]) -> Any:
        return output["scores"]


async def test_the_first_score_is_the_evaluators_and_the_others_stand_beside_it(threads: Threads) -> None:
    at_least = Threshold(operator=ThresholdOperator.GTE, value=0.5)
    scorer = Scorer(ready(Several, threshold=at_least, name="Retrieval"), threads, 1)

    (scores,) = await scorer.score([context({"scores": {"f1": 0.6, "precision": 0.3, "found": False, "tone": "dry"}})])

    assert [(score.name, score.value, score.number, score.label, score.passed) for score in scores] == [
        ("Retrieval", 0.6, 0.6, None, True),
        ("Retrieval: precision", 0.3, 0.3, None, None),
        ("Retrieval: found", False, 0.0, None, None),
        ("Retrieval: tone", "dry", None, "dry", None),
    ]
    assert [(score.evaluator_id, score.part_of, score.given_by) for score in scores] == [
        ("e", None, "e"),
        *[(None, "e", "e")] * 3,
    ]
    assert len({score.key for score in scores}) == 4
    assert {(score.plugin, score.plugin_version) for score in scores} == {("acme/mine", "1.2")}
    assert verdict_of(scores) is Verdict.PASSED


async def test_one_that_is_no_score_spoils_all_of_its_record(threads: Threads) -> None:
    given = [{"f1": 0.5, "recall": float("nan")}, {"f1": 0.5, "recall": 1}]

    bad, good = await Scorer(ready(Several), threads, 1).score([context({"scores": scores}) for scores in given])

    assert len(bad) == 1
    assert bad[0].error is not None
    assert bad[0].error.message == "The score 'recall' is nan; it must be a finite number."
    assert [score.value for score in good] == [0.5, 1]


class Spends(evalyard.Evaluator):
    """Give a score that says what it cost."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Any) -> evalyard.Score:
        return evalyard.Score(1, cost_usd=0.25, prompt_tokens=output, completion_tokens=2)


async def test_cost_and_tokens_are_kept(threads: Threads) -> None:
    scores = await Scorer(ready(Spends), threads, 1).score([context(10), context(1.5), context(-1), context(2**31)])

    assert [(score.cost_usd, score.prompt_tokens, score.completion_tokens, score.tokens) for (score,) in scores] == [
        (0.25, 10, 2, 12),
        *[(None, None, None, 0)] * 3,
    ]
    assert [score.error.message for (score,) in scores if score.error] == [
        "prompt_tokens is 1.5; it must be a whole number, 0 or more.",
        "prompt_tokens is -1; it must be a whole number, 0 or more.",
        "prompt_tokens is 2147483648; it must be a whole number, 0 or more.",
    ]


class Says(evalyard.Evaluator):
    """Raise or return what the output asks for."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, output: str) -> Any:
        match output:
            case "limited":
                raise EvaluationError("The judge wants a pause.", code="RATE_LIMIT", retryable=True)
            case "surrogate":
                return evalyard.Score(True, explanation="half \ud83d of a pair")
            case "unprintable":
                raise Unprintable
            case "liar":
                return Liar()
        return evalyard.Score(True, metadata=["no", "mapping"])  # type: ignore[arg-type]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class Liar:
    @property
    def __class__(self) -> Any:
        raise LookupError("no class")


async def test_reasons_are_told_in_the_authors_words_and_can_be_stored(threads: Threads) -> None:
    outputs = ["limited", "surrogate", "unprintable", "liar", "list"]

    limited, half, unprintable, liar, no_mapping = [
        score for (score,) in await Scorer(ready(Says), threads, 1).score([context(output) for output in outputs])
    ]

    assert limited.error is not None
    assert (limited.error.code, limited.error.message) == ("RATE_LIMIT", "The judge wants a pause.")
    assert limited.error.retryable
    assert half.explanation == "half ? of a pair"
    assert unprintable.error is not None
    assert unprintable.error.message == "acme/mine raised Unprintable: Unprintable"
    assert liar.error is not None
    assert (liar.error.code, liar.error.message) == ("BAD_RESULT", "The result raised LookupError: no class")
    assert no_mapping.error is not None
    assert no_mapping.error.message == "metadata is list; it must be a mapping."


async def test_a_value_that_does_not_fit_never_reaches_the_evaluator(threads: Threads) -> None:
    (score,) = (await Scorer(ready(Says), threads, 1).score([context({"text": "hello"})]))[0]

    assert score.status is ScoreStatus.ERROR
    assert score.error is not None
    assert score.error.code == "BAD_VARIABLE"
    assert score.error.message.startswith("'output' is an object and should be a valid string: map it to")


class Batch(evalyard.Evaluator):
    """Return what the first case asks for."""

    score_type = ScoreType.NUMERIC
    evaluate = Several.evaluate

    def evaluate_batch(self, cases: Sequence[Any]) -> Any:
        return {"text": "12", "generator": (1 for _ in cases), "none": None, "tuple": (1, 2)}[cases[0]["output"]["as"]]


async def test_a_case_of_a_batch_may_be_declined(threads: Threads) -> None:
    class Picky(Batch):
        def evaluate_batch(self, cases: Sequence[Any]) -> Any:
            return [1, evalyard.Skip("No reference."), EvaluationError("No.", code="NO"), 2]

    scores = await Scorer(ready(Picky), threads, 1).score([context({})] * 4)

    assert [(score.value, score.status, score.explanation) for (score,) in scores] == [
        (1, ScoreStatus.OK, None),
        (None, ScoreStatus.SKIPPED, "No reference."),
        (None, ScoreStatus.ERROR, None),
        (2, ScoreStatus.OK, None),
    ]
    assert scores[2][0].error is not None
    assert scores[2][0].error.code == "NO"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("text", "evaluate_batch must not return str; it returns a list."),
        ("generator", "evaluate_batch must not return generator; it returns a list."),
        ("none", "evaluate_batch must not return NoneType; it returns a list."),
        ("tuple", None),
    ],
)
async def test_a_batch_gives_a_list(kind: str, message: str | None, threads: Threads) -> None:
    scores = await Scorer(ready(Batch), threads, 1).score([context({"as": kind}), context({})])

    assert [score.error and score.error.message for (score,) in scores] == [message] * 2

"""Scoring with evaluators that misbehave: each failure becomes the ERROR score of its own record."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

import evalyard
from evalyard.plugins import TypedVariables
from evalyard_core.domain.evaluators import EvaluatorSnapshot, ScoreType, Threshold, ThresholdOperator
from evalyard_core.domain.mapping import compile_readers
from evalyard_core.domain.plugins import Variable
from evalyard_core.domain.records import Score, ScoreStatus
from evalyard_workers.plugins.host import ReadyEvaluator
from evalyard_workers.plugins.live import LiveEvaluator
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads

LIMIT = 0.2
VARIABLES = (
    Variable(name="output", description="", required=True, default_path="output"),
    Variable(name="expected", description="", required=False, default_path="expected"),
)


class Does(evalyard.Evaluator[evalyard.Config]):
    """Does what the output says."""

    score_type = ScoreType.NUMERIC
    released = threading.Event()

    def evaluate(self, *, output: Any, expected: Any = "nothing") -> Any:
        match output:
            case "raise":
                raise RuntimeError("it is broken")
            case "exit":
                raise SystemExit(3)
            case "interrupt":
                raise KeyboardInterrupt
            case "skip":
                raise evalyard.Skip("there is no reason to.")
            case "hang":
                self.released.wait()
            case "object":
                return evalyard.Score(1, metadata={"what": object()})
            case "cost":
                return evalyard.Score(1, cost_usd="free")  # type: ignore[arg-type]
            case "expected":
                return 1 if expected == "nothing" else 0
        return {"nan": math.nan, "infinite": math.inf, "text": "text", "none": None, "true": True, "huge": 2**70}.get(
            output, output
        )


class DoesLater(Does):
    async def evaluate(self, *, output: Any, expected: Any = "nothing") -> Any:  # type: ignore[override]
        if output == "hang":
            await asyncio.sleep(3600)
        return super().evaluate(output=output, expected=expected)


class DoesAll(Does):
    def evaluate_batch(self, cases: Sequence[Mapping[str, Any]]) -> Any:
        return [self.evaluate(**case) for case in cases if case["output"] != "drop"]


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    pool = Threads(8)
    Does.released.clear()
    yield pool
    Does.released.set()
    pool.shutdown()


def scorer(kind: type[Does], threads: Threads, threshold: Threshold | None = None) -> Scorer:
    snapshot = EvaluatorSnapshot(
        evaluator_id="e",
        name="does",
        version=3,
        plugin="acme/does",
        plugin_version="0",
        config={},
        config_hash="h",
        mapping=(),
        threshold=threshold,
        score_type=ScoreType.NUMERIC,
    )
    ready = ReadyEvaluator(
        snapshot=snapshot,
        live=LiveEvaluator(kind(evalyard.Config()), "acme/does"),
        version="1.2",
        readers=compile_readers(VARIABLES, ()),
        typed=TypedVariables(()),
        is_async=kind is DoesLater,
        in_batches=kind is DoesAll,
    )
    return Scorer(ready, threads, LIMIT)


async def main_scores(scorer: Scorer, *outputs: Any) -> list[Score]:
    """Return the evaluator's own score of each output."""
    contexts = [{"input": {}, "output": output, "expected": None, "metadata": None} for output in outputs]
    return [score for score, *_ in await scorer.score(contexts)]


BAD = [
    ("raise", "EXCEPTION", "acme/does raised RuntimeError: it is broken"),
    ("exit", "EXCEPTION", "acme/does tried to end the worker (sys.exit)."),
    ("nan", "BAD_RESULT", "The score is nan; it must be a finite number."),
    ("infinite", "BAD_RESULT", "The score is inf; it must be a finite number."),
    ("text", "BAD_RESULT", "A NUMERIC evaluator must not return str ('text')."),
    ("none", "BAD_RESULT", "A NUMERIC evaluator must not return NoneType (None)."),
    ("true", "BAD_RESULT", "A NUMERIC evaluator must not return bool (True)."),
    (
        "huge",
        "BAD_RESULT",
        "The score can't be stored: The value can't be stored as JSON: Integer exceeds 64-bit range.",
    ),
    (
        "object",
        "BAD_RESULT",
        "The score can't be stored: The value can't be stored as JSON: Type is not JSON serializable: object.",
    ),
    ("cost", "BAD_RESULT", "cost_usd is 'free'; it must be a finite number, 0 or more."),
    ("hang", "TIMEOUT", "acme/does gave no score within 0.2 s."),
]


@pytest.mark.parametrize("kind", [Does, DoesLater])
@pytest.mark.parametrize(("output", "code", "reason"), BAD, ids=[case[0] for case in BAD])
async def test_a_failure_costs_its_own_score_only(
    kind: type[Does], output: str, code: str, reason: str, threads: Threads
) -> None:
    scores = await main_scores(scorer(kind, threads), 0.5, output, 0.25)

    assert [score.value for score in scores] == [0.5, None, 0.25]
    assert [score.status for score in scores] == [ScoreStatus.OK, ScoreStatus.ERROR, ScoreStatus.OK]
    assert scores[1].error is not None
    assert (scores[1].error.code, scores[1].error.message) == (code, reason)
    assert {(score.evaluator_version, score.plugin_version, score.config_hash) for score in scores} == {(3, "1.2", "h")}


async def test_a_keyboard_interrupt_does_not_stop_the_worker(threads: Threads) -> None:
    (score,) = await main_scores(scorer(Does, threads), "interrupt")
    assert score.error is not None
    assert score.error.message == "acme/does raised KeyboardInterrupt"


@pytest.mark.parametrize("kind", [Does, DoesLater])
async def test_skipping_is_no_error(kind: type[Does], threads: Threads) -> None:
    (score,) = await main_scores(scorer(kind, threads), "skip")
    assert (score.status, score.explanation, score.error) == (ScoreStatus.SKIPPED, "there is no reason to.", None)


async def test_after_three_that_hang_the_rest_of_a_batch_is_not_tried(threads: Threads) -> None:
    scores = await main_scores(scorer(Does, threads), 1, "hang", 2, "hang", "hang", 3, 4)

    assert [score.value for score in scores] == [1, None, 2, None, None, None, None]
    assert [score.error.code for score in scores if score.error] == ["TIMEOUT"] * 5


async def test_a_batch_is_scored_at_once_and_fails_at_once(threads: Threads) -> None:
    good = await main_scores(scorer(DoesAll, threads), 1, 2)
    short = await main_scores(scorer(DoesAll, threads), 1, "drop")
    broken = await main_scores(scorer(DoesAll, threads), 1, "raise")

    assert [score.value for score in good] == [1, 2]
    assert [score.error.message for score in short if score.error] == ["evaluate_batch gave 1 results for 2 cases."] * 2
    assert [score.error.code for score in broken if score.error] == ["EXCEPTION"] * 2


async def test_a_threshold_decides_and_optional_variables_keep_their_default(threads: Threads) -> None:
    threshold = Threshold(operator=ThresholdOperator.GTE, value=0.5)
    scores = await main_scores(scorer(Does, threads, threshold), 0.5, 0.4, "expected")
    assert [score.passed for score in scores] == [True, False, True]
    assert [score.number for score in scores] == [0.5, 0.4, 1.0]

"""Setting evaluators up once in a process, and tearing them down."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import evalyard
from evalyard import EvaluationError, ScoreType
from evalyard_core.domain.records import ScoreStatus
from evalyard_workers.plugins import live as module
from evalyard_workers.plugins.live import EvaluatorPool, LiveEvaluator
from evalyard_workers.plugins.refusals import SetupFailed
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads
from tests.support.evaluators import context, ready


@pytest.fixture
def threads() -> Iterator[Threads]:
    with Threads(4) as pool:
        yield pool


class Loads(evalyard.Evaluator):
    """Need what `setup` loads."""

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: evalyard.Config) -> None:
        super().__init__(config)
        self.calls: list[str] = []
        self.fails: Exception | None = None

    def setup(self) -> None:
        self.calls.append(f"setup {threading.current_thread() is threading.main_thread()}")
        if self.fails:
            raise self.fails

    def teardown(self) -> None:
        self.calls.append("teardown")

    def evaluate(self, *, output: Any) -> bool:
        self.calls.append("evaluate")
        return True


class LoadsLater(Loads):
    """Need what `setup` loads, on the event loop."""

    async def setup(self) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().setup()

    async def teardown(self) -> None:  # type: ignore[override]
        super().teardown()


@pytest.mark.parametrize(("kind", "on_loop"), [(Loads, False), (LoadsLater, False)])
async def test_setup_comes_once_before_the_first_score(kind: type[Loads], on_loop: bool, threads: Threads) -> None:
    instance = kind(evalyard.Config())
    live = LiveEvaluator(instance, "acme/mine")
    scorers = [Scorer(ready(kind, live), threads, 1) for _ in range(3)]

    scored = await asyncio.gather(*(scorer.score([context(1), context(2)]) for scorer in scorers))
    await live.retire()
    await live.retire()

    assert {score.value for scores in scored for (score,) in scores} == {True}
    assert instance.calls == [f"setup {on_loop}", *["evaluate"] * 6, "teardown"]


async def test_a_setup_that_fails_is_told_and_tried_again_later(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Loads(evalyard.Config())
    scorer = Scorer(ready(Loads, LiveEvaluator(instance, "acme/mine")), threads, 1)

    instance.fails = OSError("no such model")
    first = await scorer.score([context(1), context(2)])
    instance.fails = None
    second = await scorer.score([context(1)])
    monkeypatch.setattr(module.time, "monotonic", lambda: 1e12)
    third = await scorer.score([context(1)])

    assert [(score.status, score.error and score.error.code) for (score,) in first] == [
        (ScoreStatus.ERROR, "SETUP")
    ] * 2
    assert first[0][0].error is not None
    assert first[0][0].error.message == "acme/mine could not be set up: OSError: no such model"
    assert first[0][0].error.retryable
    assert second[0][0].error == first[0][0].error
    assert third[0][0].value is True
    assert instance.calls == ["setup False", "teardown", "setup False", "evaluate"]


async def test_an_author_says_in_a_sentence_why_there_is_no_setup(threads: Threads) -> None:
    instance = Loads(evalyard.Config())
    instance.fails = EvaluationError("Set EVALYARD_SECRET_JUDGE for the worker.")

    with pytest.raises(SetupFailed, match=r"^Set EVALYARD_SECRET_JUDGE for the worker\.$"):
        async with LiveEvaluator(instance, "acme/mine").used(threads):
            raise AssertionError


async def test_a_setup_that_hangs_is_given_up_and_not_begun_twice(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, begun = threading.Event(), []

    class Hangs(Loads):
        def setup(self) -> None:
            begun.append(1)
            released.wait()

    monkeypatch.setattr(module, "_SETUP_SECONDS", 0.05)
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)
    live = LiveEvaluator(Hangs(evalyard.Config()), "acme/mine")
    reasons = []
    for _ in range(2):
        with pytest.raises(SetupFailed) as failure:
            async with live.used(threads):
                raise AssertionError
        reasons.append(str(failure.value))
    released.set()

    assert reasons == [
        "acme/mine was not set up within 0.05 s.",
        "acme/mine is still being set up, for more than 0.05 s.",
    ]
    assert begun == [1]


async def test_the_pool_shares_by_version_and_config_and_retires_what_is_idle(threads: Threads) -> None:
    pool = EvaluatorPool()
    kept, idle = Loads(evalyard.Config()), Loads(evalyard.Config())
    live = pool.shared(("acme/mine", "1", "{}"), LiveEvaluator(kept, "acme/mine"))
    again = pool.shared(("acme/mine", "1", "{}"), LiveEvaluator(Loads(evalyard.Config()), "acme/mine"))
    other = pool.shared(("acme/mine", "2", "{}"), LiveEvaluator(idle, "acme/mine"))

    assert again is live
    async with other.used(threads):
        pass
    async with live.used(threads):
        await pool.retire(idle_seconds=0)
        assert idle.calls == ["setup False", "teardown"]
        assert kept.calls == ["setup False"]
    await pool.close()
    assert kept.calls == ["setup False", "teardown"]


class Plain(evalyard.Evaluator):
    """Need nothing."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, output: Any) -> bool:
        return True


def test_what_needs_no_setup_is_not_kept():
    pool = EvaluatorPool()
    first, second = (LiveEvaluator(Plain(evalyard.Config()), "acme/plain") for _ in range(2))

    assert pool.shared(("acme/plain", "1", "{}"), first) is first
    assert pool.shared(("acme/plain", "1", "{}"), second) is second


class FailsToEnd(Loads):
    def teardown(self) -> None:
        raise SystemExit(1)


async def test_a_teardown_that_fails_harms_nothing(threads: Threads) -> None:
    live = LiveEvaluator(FailsToEnd(evalyard.Config()), "acme/mine")
    async with live.used(threads):
        pass

    await live.retire()

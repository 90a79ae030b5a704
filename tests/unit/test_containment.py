"""Evaluators that hang in the worker's own process: what they hold is bounded, and nobody else waits for them."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import evalyard
from evalyard import ScoreType
from evalyard_core.domain.records import Score
from evalyard_workers.plugins import trouble as module
from evalyard_workers.plugins.live import LiveEvaluator
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads
from evalyard_workers.plugins.trouble import Trouble
from tests.support.evaluators import context, ready

LIMIT = 0.1


@pytest.fixture
def threads() -> Iterator[Threads]:
    with Threads(1) as pool:
        yield pool


class Spins(evalyard.Evaluator):
    """Compute for ever when it is told to."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, output: Any) -> bool:
        while output == "spin":
            pass
        return True


class Blocks(evalyard.Evaluator):
    """Block the event loop when it is told to; what it was set up on is noted."""

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: evalyard.Config) -> None:
        super().__init__(config)
        self.loops: list[asyncio.AbstractEventLoop] = []

    async def setup(self) -> None:
        self.loops.append(asyncio.get_running_loop())

    async def evaluate(self, *, output: Any) -> bool:
        assert asyncio.get_running_loop() is self.loops[-1]
        if output == "block":
            while True:
                pass
        return True


async def scores(scorer: Scorer, *outputs: str) -> list[Score]:
    return [score for (score,) in await scorer.score([context(output) for output in outputs])]


async def test_a_thread_that_hangs_is_replaced_and_what_it_computes_is_ended(threads: Threads) -> None:
    before = threading.active_count()
    scorer = Scorer(ready(Spins), threads, LIMIT)

    made = await scores(scorer, "a", "spin", "b", "spin", "c")

    assert [score.value for score in made] == [True, None, True, None, True]
    async with asyncio.timeout(10):
        while threading.active_count() > before + 1:
            await asyncio.sleep(0.01)


async def test_an_async_evaluator_that_blocks_has_its_own_loop_and_gets_another(threads: Threads) -> None:
    instance = Blocks(evalyard.Config())
    live = LiveEvaluator(instance, "acme/mine")
    scorer = Scorer(ready(Blocks, live), threads, LIMIT)
    longest, running = 0.0, True

    async def tick() -> None:
        nonlocal longest
        while running:
            begun = time.monotonic()
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - begun)

    ticking = asyncio.create_task(tick())
    blocked = await scores(scorer, "a", "block", "b")
    running = False
    await ticking
    again = await scores(scorer, "a", "b")
    await live.loop.close()

    assert blocked[0].value is True
    assert {score.error and score.error.message for score in blocked[1:]} == {
        "acme/mine gave no score within 0.1 s: an async evaluator must not block its event loop."
    }
    assert longest < 1.0
    assert [score.value for score in again] == [True, True]
    assert len(set(map(id, instance.loops))) == 2


async def test_one_that_hangs_time_and_again_is_left_alone_for_a_while(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    trouble = Trouble("acme/mine")
    evaluator = ready(Spins, trouble=trouble)
    scorer = Scorer(evaluator, threads, LIMIT)

    first = await scores(scorer, *["spin"] * 3)
    then = await scores(scorer, "a")
    clock[0] += 31
    later = await scores(scorer, "spin", "spin")
    clock[0] += 31
    last = await scores(scorer, "a", "spin", "a")

    assert [score.error and score.error.code for score in first] == ["TIMEOUT"] * 3
    assert then[0].error is not None
    assert (then[0].error.code, then[0].error.retryable) == ("NOT_TRIED", True)
    assert then[0].error.message == (
        "acme/mine was not called: it hung or crashed 3 times in a row, and is tried again in 30 s."
    )
    assert [score.error and score.error.code for score in later] == ["TIMEOUT"] * 2
    assert [score.value for score in last] == [True, None, True]
    assert trouble.hung_here

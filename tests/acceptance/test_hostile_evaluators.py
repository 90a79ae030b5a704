"""A run with ten evaluators that do whatever harm they can, beside three that do what they say."""

import asyncio
import os
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from evalyard_core.domain.records import ScoreStatus
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.settings import Settings
from evalyard_workers.plugins.rules import PluginRules
from tests.support.room import Room

pytestmark = pytest.mark.usefixtures("acme_hostile")

ANSWERS = ["a", "now", "bb", "ccc"]

#: What each says of the answer "now".
EXPLAINED = {
    "allocates": ("OUT_OF_MEMORY", "acme-hostile/allocates needed more memory than there is for it."),
    "blocks": ("TIMEOUT", "acme-hostile/blocks gave no score within 2 s."),
    "exits": ("EXCEPTION", "acme-hostile/exits tried to end the worker (sys.exit)."),
    "forges": ("CRASHED", "The process of acme-hostile/forges sent nonsense."),
    "hangs": ("TIMEOUT", "acme-hostile/hangs gave no score within 2 s."),
    "leaves": ("CRASHED", "The process of acme-hostile/leaves ended with exit code 7."),
    "raises": ("EXCEPTION", "acme-hostile/raises raised Odd: Odd"),
    "segfaults": ("CRASHED", "The process of acme-hostile/segfaults was ended by SIGSEGV."),
    "talks_nonsense": ("BAD_RESULT", "A BOOLEAN evaluator must not return str ('nonsense')."),
}


@pytest.fixture
def plugin_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginRules:
    """Return what holds where an operator decides nothing, but for the memory: the test's machine has to live, too."""
    for name in [name for name in os.environ if name.startswith("EVALYARD_") and "PLUGIN" in name]:
        monkeypatch.delenv(name)
    return PluginRules.of(Settings(data=tmp_path, plugin_memory_mb=384))


async def prepared(room: Room, *plugins: str) -> Callable[[], Awaitable[Run]]:
    """Return what starts a run of the answers, to be scored by plugins."""
    evaluators = [await room.evaluator(plugin) for plugin in plugins]
    dataset = await room.dataset([{"answer": answer} for answer in ANSWERS], expected=["a", "now", "b", "c"])
    system = await room.system("moody")
    return lambda: room.start(dataset, system, evaluators)


async def deliver_at_once(room: Room) -> None:
    """Deliver each message as soon as it is there, until nobody is at work any more."""
    turns: set[asyncio.Task[None]] = set()
    while room.mailbox.messages or turns:
        turns |= {asyncio.create_task(room.turn(message)) for message in room.mailbox.messages}
        room.mailbox.messages.clear()
        done, turns = await asyncio.wait(turns, timeout=0.01)
        for turn in done:
            turn.result()


async def reached(room: Room, run: Run, status: RunStatus) -> None:
    """Wait until a run has a status."""
    async with asyncio.timeout(30):
        while (found := await room.store.runs.get(run.id)) is None or found.status is not status:
            await asyncio.sleep(0.01)


async def test_each_costs_its_own_scores_and_nothing_else(room: Room) -> None:
    good = ["acme-hostile/honest", "exact_match", "evalyard-text/contains"]
    begun, most_before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, start_other = await prepared(room, *good, "prints", *EXPLAINED), await prepared(room, "exact_match")
    started = await start()
    working = asyncio.create_task(deliver_at_once(room))
    await reached(room, started, RunStatus.RUNNING)
    await room.store.workers.beat("here")
    await reached(room, await start_other(), RunStatus.COMPLETED)
    assert not working.done()
    await working

    run = await room.store.runs.get(started.id)

    assert run is not None
    assert run.status is RunStatus.COMPLETED
    scores = {
        evaluator.plugin: [
            next(score for score in record.scores if score.evaluator_id == evaluator.evaluator_id)
            for record in await room.records(run)
        ]
        for evaluator in run.evaluators
    }
    assert {
        key: [score.value for score in made] for key, made in scores.items() if key.partition("/")[2] not in EXPLAINED
    } == {
        "acme-hostile/honest": [False, False, True, False],
        "evalyard-text/exact_match": [True, True, False, False],
        "evalyard-text/contains": [True, True, True, True],
        "acme-hostile/prints": [True, False, True, True],
    }
    for name, explained in EXPLAINED.items():
        made = scores[f"acme-hostile/{name}"]
        error = made[1].error
        assert error is not None, name
        assert (error.code, error.message) == explained
        if name != "blocks":
            assert [(made[place].status, made[place].value) for place in (0, 2, 3)] == [(ScoreStatus.OK, True)] * 3
    assert {score.plugin_version for made in scores.values() for score in made} == {"1.0.0", "0.1.0"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most_before < 50_000
    assert time.monotonic() - begun < 60

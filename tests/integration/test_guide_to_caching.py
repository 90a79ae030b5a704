"""The guide to what is used again: what it shows is what there is."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.services.live import LiveUpdates
from tests.fixtures.asking import Asker, gid
from tests.fixtures.commands import Commands
from tests.support.room import Room

GUIDE = (Path(__file__).parents[2] / "docs" / "caching.md").read_text()
START, USED = re.findall(r"```graphql\n(.*?)```", GUIDE, re.DOTALL)
RERUN = """mutation($run: ID!, $input: RerunInput) {
    rerun(runId: $run, input: $input) { id cache { answersMaxAgeSeconds scoresMaxAgeSeconds } }
}"""

pytestmark = pytest.mark.usefixtures("acme_quality")


@pytest.fixture
async def asker(room: Room) -> AsyncIterator[Asker]:
    """Return somebody who may do anything in a room with a worker."""
    live = LiveUpdates(room.store)
    await live.start()
    yield Asker(room.services, live)
    await live.stop()


async def test_what_it_shows(room: Room, room_commands: Commands, asker: Asker) -> None:
    dataset = await room.dataset([{"answer": "a please"}, {"answer": "b"}])
    judge = await room.evaluator("acme-quality/judge")
    await room.services.datasets.attach(
        actor=asker.actor, dataset_id=dataset.id, evaluator_id=judge.id, mapping=(), threshold=None
    )
    names = {
        "project": gid("Project", room.project),
        "dataset": gid("Dataset", dataset),
        "version": gid("SystemVersion", await room.system("priced")),
    }

    async def started() -> Any:
        run = (await asker(START, **names))["startRun"]
        await room.deliver()
        return run

    first, second = await started(), await started()
    room_commands.take()
    used = (await asker(USED, run=second["id"]))["run"]
    reads = [command for command in room_commands.take() if command.get("find") == "records"]
    made = (await asker(USED, run=first["id"]))["run"]

    assert second["cache"] == {"answersMaxAgeSeconds": 86400, "scoresMaxAgeSeconds": 604800}
    assert (made["summary"]["cachedAnswers"], made["summary"]["cachedScores"]) == (0, 0)
    assert made["summary"]["totalCostUsd"] == pytest.approx(0.023)
    assert used["summary"] == {"cachedAnswers": 2, "cachedScores": 2, "totalCostUsd": 0.0, "averageLatencyMs": None}
    # Those of the page, and their origins in one.
    assert len(reads) <= 2
    sources = [edge["node"] for edge in made["records"]["edges"]]
    for source, record in zip(sources, [edge["node"] for edge in used["records"]["edges"]], strict=True):
        [own], [score] = source["scores"], record["scores"]
        assert (source["cached"], source["cachedFrom"], own["cached"], own["cachedFrom"]) == (False, None, False, None)
        assert (record["cached"], record["output"], record["attempts"]) == (True, source["output"], 0)
        assert (record["latencyMs"], record["costUsd"], record["promptTokens"]) == (None, 0.0, 0)
        assert record["cachedFrom"]["run"] == {"number": 1}
        assert (record["cachedFrom"]["costUsd"], record["cachedFrom"]["latencyMs"]) == (0.01, source["latencyMs"])
        assert (score["cached"], score["value"], score["costUsd"]) == (True, own["value"], 0.0)
        assert score["cachedFrom"] == {"id": record["cachedFrom"]["id"]}
        assert (score["pluginVersion"], score["configHash"]) == (own["pluginVersion"], own["configHash"])

    again = (await asker(RERUN, run=second["id"]))["rerun"]
    without = (await asker(RERUN, run=second["id"], input={"cache": {}}))["rerun"]
    assert again["cache"] == second["cache"]
    assert without["cache"] == {"answersMaxAgeSeconds": None, "scoresMaxAgeSeconds": None}

    await room.deliver()
    admin = asker.with_role(Role.ADMIN, room.project.id)
    await admin("mutation($run: ID!) { deleteRun(id: $run) }", run=first["id"])
    kept = (await asker(USED, run=second["id"]))["run"]["records"]["edges"]
    assert [(edge["node"]["cached"], edge["node"]["cachedFrom"]) for edge in kept] == [(True, None)] * 2

"""The operations of docs/schedules.md and docs/monitors.md."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from evalyard_core.storage import Store
from evalyard_schema.ids import parse
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.world import World

store = module_store

DOCS = Path(__file__).parents[2] / "docs"


def operations(guide: str) -> dict[str, str]:
    """Return the operations of a guide by name."""
    blocks = r"^```graphql\n((?:query|mutation) (\w+).*?)^```$"
    return {name: text for text, name in re.findall(blocks, (DOCS / guide).read_text(), re.DOTALL | re.MULTILINE)}


async def test_the_guide_makes_a_schedule_and_sees_how_it_goes(operator: Asker, world: World, store: Store):
    shown = operations("schedules.md")
    assert sorted(shown) == ["HowItWent", "Nightly"]
    await operator.services.systems.set_production(actor=operator.actor, version_id=world.version.id)
    project, dataset, system = (
        gid("Project", world.project),
        gid("Dataset", world.dataset),
        gid("System", world.system),
    )
    made = (await operator(shown["Nightly"], project=project, dataset=dataset, system=system))["createSchedule"]
    berlin = [datetime.fromisoformat(tick).astimezone(ZoneInfo("Europe/Berlin")) for tick in made["upcoming"]]
    assert [f"{tick:%H:%M}" for tick in berlin] == ["02:30"] * 3
    assert all(tick.weekday() < 5 for tick in berlin)

    schedule = (await operator.services.schedules.get_many(actor=operator.actor, ids=[_raw(made["id"])])).popitem()[1]
    assert schedule.next_at is not None
    await operator.services.ticker.tick(schedule_id=schedule.id, moment=schedule.next_at)

    found = (await operator(shown["HowItWent"], project=project))["project"]["schedules"]["edges"]
    node = next(edge["node"] for edge in found if edge["node"]["name"] == "Nightly")
    assert node["lastRun"]["name"] == f"Nightly of {berlin[0]:%Y-%m-%d}"
    assert (node["lastError"], len(node["runs"]["edges"])) == (None, 1)


async def test_the_guide_makes_a_monitor_and_sees_how_it_goes(operator: Asker, world: World, store: Store):
    shown = operations("monitors.md")
    assert sorted(shown) == ["HowItGoes", "Watch"]
    project, evaluator = gid("Project", world.project), gid("Evaluator", world.evaluator)
    made = await operator(shown["Watch"], project=project, groundedness=evaluator, tone=evaluator)
    assert parse(made["createMonitor"]["id"], field="id").type == "Monitor"

    found = (await operator(shown["HowItGoes"], project=project))["project"]["monitors"]["edges"]
    node = next(edge["node"] for edge in found if edge["node"]["name"] == "Answers")
    assert node["nextRunAt"] == made["createMonitor"]["nextRunAt"]
    assert (node["rate"], node["lastError"], node["runs"]["edges"]) == (10.0, None, [])


def _raw(identifier: str) -> str:
    return parse(identifier, field="id").raw

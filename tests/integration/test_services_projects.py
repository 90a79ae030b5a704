"""Projects: who sees them, and what is left when one is deleted."""

from collections.abc import Sequence
from dataclasses import replace

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.traces.spans import span_key
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from evalyard_core.storage import Store
from tests.fixtures.core import a_monitor, a_project, a_schedule, a_sighting
from tests.fixtures.house import House, everything
from tests.fixtures.spans import a_received


async def test_an_instance_key_creates_projects_and_a_project_key_does_not(house: House):
    project = await house.services.projects.create(actor=ANYONE, name=f" {new_id()} ", description="What it is for.")
    assert await house.services.projects.get(actor=ANYONE, project_id=project.id) == project
    assert await house.services.projects.by_name(actor=ANYONE, name=project.name) == project
    for actor in map(house.key, Role):
        creating = house.services.projects.create(actor=actor, name="another")
        assert type(await house.refusal(creating)) is Forbidden
    for name, description, kind, field in (
        (project.name, "", Conflict, "input.name"),
        (" ", "", BadInput, "input.name"),
        ("x" * 201, "", BadInput, "input.name"),
        ("x", "y" * 20_001, LimitExceeded, "input.description"),
        ("x", "\udc00", BadInput, "input.description"),
    ):
        creating = house.services.projects.create(actor=ANYONE, name=name, description=description)
        refusal = await house.refusal(creating)
        assert (type(refusal), refusal.field) == (kind, field)


async def test_a_project_key_sees_its_project_alone(store: Store):
    house = House(store)
    projects = [a_project() for _ in range(5)]
    for project in projects:
        await store.projects.add(project)
    actor = house.key(Role.ADMIN, projects[2].id)
    page = await house.services.projects.page(actor=actor, first=10, after=None)
    assert (page.items, page.has_next, await house.services.projects.count(actor=actor)) == ([projects[2]], False, 1)
    assert await house.services.projects.get(actor=actor, project_id=projects[1].id) is None
    assert await house.services.projects.by_name(actor=actor, name=projects[1].name) is None
    assert await house.services.projects.by_name(actor=actor, name=projects[2].name) == projects[2]
    everyone: list[object] = []
    after = None
    for _ in range(3):
        page = await house.services.projects.page(actor=ANYONE, first=2, after=after)
        everyone += page.items
        after = page.cursors[-1]
    assert everyone == projects
    assert (page.has_next, page.has_previous, await house.services.projects.count(actor=ANYONE)) == (False, True, 5)


async def test_who_manages_a_project_changes_it(house: House):
    projects, admin = house.services.projects, house.key(Role.ADMIN)
    changed = await projects.update(actor=admin, project_id=house.project.id, description="New.")
    assert changed == replace(house.project, description="New.")
    assert await projects.update(actor=admin, project_id=house.project.id) == changed
    renamed = await projects.update(actor=admin, project_id=house.project.id, name=new_id())
    assert renamed.description == "New."
    taken = a_project()
    await house.store.projects.add(taken)
    cases: Sequence[tuple[Actor, str, str | None, type[Exception], str | None]] = (
        (admin, house.project.id, taken.name, Conflict, "name"),
        (admin, house.project.id, "", BadInput, "name"),
        (house.key(Role.EDITOR), house.project.id, "x", Forbidden, None),
        (house.key(Role.ADMIN, new_id()), house.project.id, "x", NotFound, "id"),
        (ANYONE, new_id(), "x", NotFound, "id"),
        (ANYONE, new_id(), None, NotFound, "id"),
    )
    for actor, project_id, name, kind, field in cases:
        refusal = await house.refusal(projects.update(actor=actor, project_id=project_id, name=name))
        assert (type(refusal), refusal.field) == (kind, field)


async def fill(house: House) -> None:
    """Give a house one of everything."""
    await house.services.access.create_key(actor=ANYONE, project_id=house.project.id, name="ci", role=Role.VIEWER)
    dataset, evaluator = await house.dataset(3), await house.evaluator()
    [item, *_] = await house.items(dataset)
    await house.services.datasets.update_item(actor=ANYONE, item_id=item.id, changes={"input": 1})
    version = await house.system_version()
    await house.start(dataset_id=dataset.id, system_version_id=version.id, evaluator_ids=[evaluator.id])
    await house.services.trace_intake.take_spans(project_id=house.project.id, received=[a_received()])
    await house.store.schedules.add(a_schedule(house.project.id))
    monitor = a_monitor(house.project.id)
    await house.store.monitors.add(monitor)
    seen = a_sighting(monitor)
    await house.store.transaction(lambda session: house.store.sightings.add([seen], session=session))
    run = await house.start(dataset_id=dataset.id)
    _, [record, *_] = await house.services.submissions.submit(
        actor=ANYONE, run_id=run.id, submitted=[Submitted(item_id=item.id, output=1), Submitted(input=2, output=1)]
    )
    for value in (True, False):
        await house.services.records.add_score(actor=ANYONE, record_id=record.id, name="tone", value=value)
    spans = [a_received(0), a_received(1, parent=0)]
    await house.services.trace_intake.take_spans(project_id=house.project.id, received=spans)
    noted = span_key(house.project.id, spans[0].trace_id, spans[0].span_id)
    await house.services.span_noting.add_score(actor=ANYONE, span_id=noted, name="tone", value=True)


async def test_deleting_a_project_leaves_nothing_of_it_and_everything_of_the_others(store: Store):
    async with House(store).open() as other:
        await fill(other)
        before = await everything(store)
        async with House(store).open() as house:
            await fill(house)
            between = await everything(store)
            kinds = {name for name in between if len(between[name]) > len(before[name])}
            assert kinds == set(between) - {"plugins"}
            for refused, kind in (
                (house.services.projects.delete(actor=house.key(Role.EDITOR), project_id=house.project.id), Forbidden),
                (house.services.projects.delete(actor=house.key(Role.ADMIN, "p"), project_id="q"), NotFound),
                (house.services.projects.delete(actor=ANYONE, project_id=new_id()), NotFound),
            ):
                assert type(await house.refusal(refused)) is kind
            await house.services.projects.delete(actor=house.key(Role.ADMIN), project_id=house.project.id)
            assert await everything(store) == before
            gone = house.services.projects.delete(actor=ANYONE, project_id=house.project.id)
            assert type(await house.refusal(gone)) is NotFound
    assert now() > other.project.created_at

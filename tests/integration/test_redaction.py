"""What a project wants never to be stored is nowhere in its database, whichever way it comes."""

from typing import Any

import pytest

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.redaction import REDACTED, RedactionRules
from evalyard_core.domain.traces.spans import Meaning, ReceivedSpan, SpanEvent, SpanLink
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.services.submissions import Submitted
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker
from tests.fixtures.house import House, everything
from tests.fixtures.spans import a_received
from tests.support.room import Room

SECRETS = ("123-45-6789", "hunter2")
SAID = "Account 123-45-6789."


async def _protect(services: Services, project_id: str) -> None:
    await services.projects.update(
        actor=ANYONE,
        project_id=project_id,
        redaction={"names": ["password"], "patterns": [r"\b\d{3}-\d{2}-\d{4}\b"]},
    )


async def _told(store: Store) -> list[str]:
    """Return where a secret is in the database."""
    return [
        f"{collection} {identifier}"
        for collection, documents in (await everything(store)).items()
        for identifier, document in documents.items()
        if any(secret in str(document) for secret in SECRETS)
    ]


async def test_items_records_outcomes_and_spans(room: Room) -> None:
    services, store = room.services, room.store
    old = await room.dataset([{"question": SAID, "answer": "x"}, {"question": "?", "broken": True, "answer": "x"}])
    await _protect(services, room.project.id)
    before = set(await _told(store))
    assert len(before) == 1

    new = await services.datasets.create(actor=ANYONE, project_id=room.project.id, name="new")
    item = NewItem(input={"q": SAID, "password": "hunter2"}, expected_output=SAID, metadata={"Password": ["hunter2"]})
    _, [added] = await services.datasets.add_items(actor=ANYONE, dataset_id=new.id, items=[item])
    assert added.input == {"q": f"Account {REDACTED}.", "password": REDACTED}
    await services.datasets.update_item(actor=ANYONE, item_id=added.id, changes={"expected_output": {"password": 1}})

    # The items are older than the rules, and the system tells a secret itself.
    run = await room.finished(await room.start(old, await room.system("telling"), [await room.evaluator()]))
    answered, broken = await room.records(run)
    assert answered.input == {"question": f"Account {REDACTED}.", "answer": "x"}
    assert answered.output == {"said": f"Account {REDACTED}.", "password": REDACTED}
    assert answered.response == {"log": REDACTED}
    assert broken.error is not None
    assert broken.error.message == f"No account {REDACTED}."

    external = await room.start(None, None)
    await services.submissions.submit(
        actor=ANYONE,
        run_id=external.id,
        submitted=[
            Submitted(input=SAID, output={"password": "hunter2"}, metadata=[SAID], expected_output=SAID),
            Submitted(input={"password": "hunter2"}, error=SAID),
        ],
    )
    await services.trace_intake.take_spans(project_id=room.project.id, received=[_span()])
    assert set(await _told(store)) == before


def _span() -> ReceivedSpan:
    said: dict[str, Any] = {"a": SAID, "password": "hunter2", "json": f'[{{"password": "hunter2", "t": "{SAID}"}}]'}
    return a_received(
        name=SAID,
        status_message=SAID,
        attributes=said,
        resource=said,
        events=(SpanEvent(name=SAID, at_ns=1, attributes=said),),
        links=(SpanLink(trace_id="1", span_id="1", attributes=said),),
    )


async def test_submitting_again_what_was_redacted_changes_nothing(room: Room) -> None:
    await _protect(room.services, room.project.id)
    run = await room.start(None, None)
    submitted = [Submitted(input={"n": 1, "q": SAID}, output=SAID)]
    _, [first] = await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=submitted)
    _, [again] = await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=submitted)
    assert first == again


async def test_what_is_understood_of_a_span_is_of_what_is_left_of_it(store: Store) -> None:
    house = House(store)
    services = Services(store, house, understand=lambda span: Meaning(input=span.attributes, output=span.name))
    project = house.project
    await store.projects.insert(project)
    await _protect(services, project.id)
    await services.trace_intake.take_spans(project_id=project.id, received=[_span()])
    assert await _told(store) == []


async def test_rules_are_set_and_read_over_graphql(operator: Asker) -> None:
    project = (await operator('mutation { createProject(input: {name: "private"}) { id redaction { names } } }'))[
        "createProject"
    ]
    assert project["redaction"] == {"names": []}
    change = """
    mutation($id: ID!, $redaction: RedactionInput, $retention: RetentionInput) {
      updateProject(id: $id, redaction: $redaction, retention: $retention) {
        redaction { names patterns } retention { traceDays runDays }
      }
    }
    """
    both = {"names": ["password"], "patterns": ["x+y"]}
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"redaction": both}, {"redaction": both, "retention": {"traceDays": None, "runDays": None}}),
        ({"retention": {"traceDays": 7}}, {"redaction": both, "retention": {"traceDays": 7, "runDays": None}}),
        (
            {"redaction": {"names": None}, "retention": {"runDays": 3}},
            {"redaction": {"names": [], "patterns": ["x+y"]}, "retention": {"traceDays": 7, "runDays": 3}},
        ),
        (
            {"redaction": None, "retention": {"traceDays": None}},
            {"redaction": {"names": [], "patterns": ["x+y"]}, "retention": {"traceDays": None, "runDays": 3}},
        ),
    ]
    for given, expected in steps:
        assert await operator(change, id=project["id"], **given) == {"updateProject": expected}


async def test_rules_that_are_refused_change_nothing(store: Store) -> None:
    house = House(store)
    await store.projects.insert(house.project)
    await _protect(house.services, house.project.id)
    with pytest.raises(BadInput) as refusal:
        await house.services.projects.update(
            actor=ANYONE, project_id=house.project.id, redaction={"names": ["other"], "patterns": ["("]}
        )
    assert refusal.value.field == "redaction.patterns[0]"
    kept = await store.projects.get(house.project.id)
    assert kept is not None
    assert kept.redaction == RedactionRules(names=("password",), patterns=(r"\b\d{3}-\d{2}-\d{4}\b",))

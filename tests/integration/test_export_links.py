"""Links to exports, and exports that are refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.services import links
from evalyard_core.services.access import AccessService
from evalyard_core.services.links import LIFETIME, LinkService
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.app import create_app
from tests.fixtures.api import Server, serve
from tests.fixtures.asking import gid
from tests.fixtures.core import a_project
from tests.fixtures.house import House
from tests.fixtures.objects import a_record, a_run
from tests.integration.conftest import OPERATOR, Key

URL = "query($id: ID!, $form: ExportFormat!) { run(id: $id) { exportUrl(format: $form) } }"
RECORDS_URL = """query($id: ID!, $filter: RecordFilter) {
  project(id: $id) { recordsExportUrl(format: JSONL, filter: $filter) }
}"""


@pytest.fixture(scope="module")
async def server(shared_settings: Settings) -> AsyncIterator[Server]:
    settings = shared_settings.model_copy(update={"auth": "keys"})
    async with serve(create_app(settings)) as server:
        yield server


@pytest.fixture
async def run(shared_store: Store) -> Run:
    project = a_project()
    await shared_store.projects.insert(project)
    run = a_run(project.id, status=RunStatus.COMPLETED, finished_at=now())
    await shared_store.runs.add(run)
    await shared_store.records.add([a_record(run, number) for number in range(2)])
    return run


@pytest.fixture
async def key(shared_store: Store, run: Run) -> Key:
    key, secret = await AccessService(shared_store).create_key(
        actor=OPERATOR, project_id=run.project_id, name="reader", role=Role.VIEWER
    )
    return Key(key.id, secret)


async def ask(server: Server, key: Key, query: str, **variables: Any) -> Any:
    async with server.client(headers=key.headers) as client:
        answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
    return answer["data"] if "errors" not in answer else answer["errors"]


async def link_to(server: Server, key: Key, run: Run, form: str = "JSONL") -> str:
    link: str = (await ask(server, key, URL, id=gid("Run", run), form=form))["run"]["exportUrl"]
    return link


async def follow(server: Server, link: str, **options: Any) -> httpx.Response:
    """Ask for a link without any key."""
    async with server.client() as client:
        return await client.get(link, **options)


def refusal(response: httpx.Response) -> tuple[int, str, str | None]:
    body = response.json()
    assert body["message"].endswith(".")
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["code"], body.get("field")


@pytest.mark.parametrize("form", ["CSV", "JSONL", "PARQUET"])
async def test_a_link_leads_to_a_run_without_a_key(form: str, server: Server, run: Run, key: Key):
    link = await link_to(server, key, run, form)

    response = await follow(server, link)

    assert urlsplit(link).path.endswith(f".{form.lower()}")
    assert response.status_code == 200, response.text
    assert len(response.content) > 100


async def test_a_link_to_a_filter_carries_the_whole_filter(server: Server, run: Run, key: Key):
    wanted = {
        "search": "“50 %” & more",
        "runIds": [gid("Run", run)],
        "status": ["COMPLETED"],
        "finishedAfter": "2026-01-31T12:00:00.005Z",
        "minLatencyMs": 0.5,
        "scores": [{"evaluatorId": gid("Evaluator", "1" * 24), "passed": False, "status": "OK"}],
    }
    answer = await ask(server, key, RECORDS_URL, id=gid("Project", run.project_id), filter=wanted)
    link = answer["project"]["recordsExportUrl"]

    assert json.loads(dict(parse_qsl(urlsplit(link).query))["filter"]) == wanted
    response = await follow(server, link)
    assert (response.status_code, response.text) == (200, "")


async def test_a_link_to_all_records_finds_them(server: Server, run: Run, key: Key):
    answer = await ask(server, key, RECORDS_URL, id=gid("Project", run.project_id))
    response = await follow(server, answer["project"]["recordsExportUrl"])
    assert [json.loads(line)["input"] for line in response.text.splitlines()] == [{"question": 1}, {"question": 0}]


async def test_a_link_that_was_changed_is_refused(server: Server, run: Run, key: Key, shared_store: Store):
    link = await link_to(server, key, run)
    other = a_run(run.project_id, number=2)
    await shared_store.runs.add(other)
    address = urlsplit(link)
    given = dict(parse_qsl(address.query))
    later = str(int(given["expires"]) + 1)
    changed = [
        link.replace(".jsonl", ".csv"),
        link.replace(address.path, f"/exports/runs/{gid('Run', other)}.jsonl"),
        *(
            f"{address.path}?{urlencode({**given, **change})}"
            for change in (
                {"expires": later},
                {"project": new_id()},
                {"key": new_id()},
                {"filter": "{}"},
                {"signature": ""},
                {"signature": given["signature"][:-1]},
                {"signature": given["signature"].swapcase()},
            )
        ),
        f"{address.path}?signature=x",
        f"{link}&expires={later}",
    ]
    assert len(set(changed)) == 11
    for attempt in changed:
        assert refusal(await follow(server, attempt)) == (403, "FORBIDDEN", None), attempt
    # A key does not heal it: whoever follows a link learns that the link is broken.
    assert refusal(await follow(server, changed[0], headers=key.headers)) == (403, "FORBIDDEN", None)
    assert (await follow(server, link)).status_code == 200


async def test_a_link_expires(server: Server, run: Run, key: Key, monkeypatch: pytest.MonkeyPatch):
    link = await link_to(server, key, run)
    moment = now()
    monkeypatch.setattr(links, "now", lambda: moment + LIFETIME - timedelta(seconds=5))
    assert (await follow(server, link)).status_code == 200
    monkeypatch.setattr(links, "now", lambda: moment + LIFETIME)
    response = await follow(server, link)
    assert refusal(response) == (403, "FORBIDDEN", None)
    assert "expired at 2" in response.json()["message"]


async def test_a_link_to_a_run_that_was_deleted_finds_nothing(server: Server, run: Run, key: Key, shared_store: Store):
    link = await link_to(server, key, run)
    await House(shared_store).services.runs.delete(actor=OPERATOR, run_id=run.id)
    assert refusal(await follow(server, link)) == (404, "NOT_FOUND", "run")


async def test_a_link_ends_with_the_key_that_made_it(server: Server, run: Run, key: Key, shared_store: Store):
    link = await link_to(server, key, run)
    await AccessService(shared_store).revoke_key(actor=OPERATOR, key_id=key.id)
    assert refusal(await follow(server, link)) == (403, "FORBIDDEN", None)


async def test_every_process_knows_the_links_of_the_others(shared_settings: Settings, run: Run, key: Key):
    settings = shared_settings.model_copy(update={"auth": "keys"})
    async with serve(create_app(settings)) as one, serve(create_app(settings)) as other:
        link = await link_to(one, key, run)
        assert (await follow(other, link)).status_code == 200


async def test_processes_that_begin_at_once_agree_on_a_secret(store: Store):
    services = [LinkService(store, base_url="", secret=None) for _ in range(8)]
    made = await asyncio.gather(
        *(service.sign(actor=OPERATOR, project_id="p", path="/exports/x.csv") for service in services)
    )
    for link in made:
        parameters = parse_qsl(urlsplit(link).query)
        admitted = await services[0].admit(path="/exports/x.csv", parameters=parameters)
        assert (admitted.role, admitted.project_id) == (Role.VIEWER, "p")


async def test_a_secret_and_an_address_can_be_set(shared_settings: Settings, run: Run, key: Key, server: Server):
    settings = Settings(
        **{
            **shared_settings.model_dump(),
            "auth": "keys",
            "link_secret": "x" * 32,
            "public_url": "https://evals.example/yard/",
        }
    )
    async with serve(create_app(settings)) as other:
        link = await link_to(other, key, run)
        assert link.startswith("https://evals.example/yard/exports/runs/")
        relative = link.removeprefix("https://evals.example/yard")
        assert (await follow(other, relative)).status_code == 200
        assert refusal(await follow(server, relative)) == (403, "FORBIDDEN", None)


async def test_a_filter_that_makes_too_long_a_link_is_refused(server: Server, run: Run, key: Key):
    wanted = {"runIds": [gid("Run", new_id()) for _ in range(200)]}
    [error] = await ask(server, key, RECORDS_URL, id=gid("Project", run.project_id), filter=wanted)
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "field": "filter"}


PATHS = {
    "no form": ("/exports/runs/{run}", (404, "NOT_FOUND", None)),
    "another form": ("/exports/runs/{run}.xlsx", (404, "NOT_FOUND", None)),
    "another thing": ("/exports/datasets/{run}.csv", (404, "NOT_FOUND", None)),
    "nothing": ("/exports/.csv", (404, "NOT_FOUND", None)),
    "no id": ("/exports/runs/nightly.csv", (400, "BAD_USER_INPUT", "run")),
    "a project's id": ("/exports/runs/{project}.csv", (400, "BAD_USER_INPUT", "run")),
    "no such run": ("/exports/runs/{no_run}.csv", (404, "NOT_FOUND", "run")),
    "no such project": ("/exports/projects/{no_project}/records.csv", (404, "NOT_FOUND", "project")),
    "a filter that is no JSON": (
        "/exports/projects/{project}/records.csv?filter=[",
        (400, "BAD_USER_INPUT", "filter"),
    ),
    "a filter with an unknown field": (
        '/exports/projects/{project}/records.csv?filter={"colour":1}',
        (400, "BAD_USER_INPUT", "filter"),
    ),
    "a filter with a wrong value": (
        '/exports/projects/{project}/records.csv?filter={"verdict":["GOOD"]}',
        (400, "BAD_USER_INPUT", "filter.verdict[0]"),
    ),
    "a filter with no id": (
        '/exports/projects/{project}/records.csv?filter={"runIds":["x"]}',
        (400, "BAD_USER_INPUT", "filter.runIds[0]"),
    ),
}


@pytest.mark.parametrize("case", PATHS)
async def test_what_is_asked_wrongly_is_refused(case: str, server: Server, run: Run, key: Key):
    path, expected = PATHS[case]
    names = {
        "{run}": gid("Run", run),
        "{project}": gid("Project", run.project_id),
        "{no_run}": gid("Run", new_id()),
        "{no_project}": gid("Project", new_id()),
    }
    for name, identifier in names.items():
        path = path.replace(name, identifier)
    assert refusal(await follow(server, path, headers=key.headers)) == expected


async def test_another_projects_things_answer_as_what_never_was(
    server: Server, run: Run, project_key: Key, shared_store: Store
):
    for path in ("/exports/runs/{}.csv", "/exports/projects/{}/records.csv"):
        kind, theirs = ("Run", run.id) if "runs" in path else ("Project", run.project_id)
        answers = [
            await follow(server, path.format(gid(kind, raw)), headers=project_key.headers)  # type: ignore[arg-type]
            for raw in (theirs, new_id())
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].content == answers[1].content


async def test_who_has_neither_key_nor_link_is_asked_for_one(server: Server, run: Run):
    for headers in ({}, {"Authorization": "Bearer evy_garbage"}):
        response = await follow(server, f"/exports/runs/{gid('Run', run)}.csv", headers=headers)
        assert refusal(response) == (401, "UNAUTHENTICATED", None)
        assert response.headers["www-authenticate"] == "Bearer"


async def test_only_reading_is_allowed(server: Server, run: Run, key: Key):
    async with server.client(headers=key.headers) as client:
        response = await client.post(f"/exports/runs/{gid('Run', run)}.csv")
    assert response.status_code == 405

"""Keys: who is let in, who is not, and how they are made at the command line."""

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.payload import now
from evalyard_core.services.access import AccessService
from evalyard_core.settings import Settings
from evalyard_server.assembly import assemble
from evalyard_server.cli.keys import ensure_first_key
from evalyard_server.start_error import StartError
from tests.fixtures.tiny_schema import INTERFACE
from tests.integration.conftest import OPERATOR

WHO = {"query": "{ who }"}
INTROSPECTION = {"query": "{ __schema { queryType { name } } }"}
REMEDY = "Send `Authorization: Bearer <key>`; keys are made with createApiKey or `evalyard keys create`."


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "*/*"])
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "This needs an API key."),
        ("", "This needs an API key."),
        ("Bearer", "This needs an API key."),
        ("Basic dXNlcjpwYXNz", "This needs an API key."),
        ("Bearer evy_unknown", "This API key is unknown or was revoked."),
        ("Bearer a b", "This API key is unknown or was revoked."),
    ],
)
async def test_a_stranger_is_refused(guarded_server, header, reason, accept):
    headers = {"accept": accept} | ({} if header is None else {"authorization": header})
    async with guarded_server.client(headers=headers) as client:
        responses = [
            await client.post("/graphql", json=WHO),
            await client.post("/graphql", json=INTROSPECTION),
            await client.get("/graphql", params=WHO),
            await client.post("/graphql", content=b"NONSENSE"),
            await client.put("/graphql"),
        ]

    for response in responses:
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
        assert response.json() == {
            "errors": [{"message": f"{reason} {REMEDY}", "extensions": {"code": "UNAUTHENTICATED"}}]
        }


async def test_what_needs_no_key(guarded_server):
    async with guarded_server.client() as client:
        page = await client.get("/graphql", headers={"accept": "text/html"})
        others = [await client.get(path) for path in ("/healthz", "/readyz", "/metrics", "/graphql/assets/console.js")]

    assert (page.status_code, 'data-keys="wanted"' in page.text) == (200, True)
    assert [response.status_code for response in others] == [200, 200, 200, 200]


async def test_a_key_says_who_asks(guarded_server, project_key, instance_key):
    async with guarded_server.client() as client:
        answers = [
            await client.post("/graphql", json=WHO, headers=project_key.headers),
            await client.post("/graphql", json=WHO, headers=instance_key.headers),
            await client.get("/graphql", params=WHO, headers={"authorization": f"bearer   {project_key.secret}"}),
        ]

    assert [answer.json()["data"]["who"] for answer in answers] == ["tester", "root", "tester"]


async def test_a_revoked_key_is_worthless_at_once(guarded_server, shared_store, project_key):
    async with guarded_server.client(headers=project_key.headers) as client:
        before = await client.post("/graphql", json=WHO)
        await AccessService(shared_store).revoke_key(actor=OPERATOR, key_id=project_key.id)
        after = await client.post("/graphql", json=WHO)

    assert (before.status_code, after.status_code) == (200, 401)


async def test_an_expired_key_is_worthless(guarded_server, shared_store, project_id):
    soon = now() + timedelta(milliseconds=300)
    _, secret = await AccessService(shared_store).create_key(
        actor=OPERATOR, project_id=project_id, name="short", role=Role.VIEWER, expires_at=soon
    )
    async with guarded_server.client(headers={"authorization": f"Bearer {secret}"}) as client, asyncio.timeout(10):
        while (response := await client.post("/graphql", json=WHO)).status_code == 200:
            pass

    assert response.json()["errors"][0]["message"] == f"This API key expired at {soon.isoformat()}. {REMEDY}"


async def test_a_role_is_held_to_by_the_use_cases(guarded_server, shared_store, project_key):
    content = {"query": 'mutation { makeProject(name: "not mine") }'}
    async with guarded_server.client(headers=project_key.headers) as client:
        response = await client.post("/graphql", json=content)

    assert response.status_code == 200
    assert response.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert await shared_store.projects.by_name("not mine") is None


async def test_without_keys_everyone_of_this_machine_is_let_in(open_server):
    async with open_server.client() as client:
        answers = [
            await client.post("/graphql", json=WHO, headers={"host": host})
            for host in ("localhost:1", "127.0.0.1", "[::1]:8")
        ]
        page = await client.get("/graphql", headers={"accept": "text/html"})

    assert [answer.json() for answer in answers] == [{"data": {"who": "anyone"}}] * 3
    assert 'data-keys="none"' in page.text


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:8000", "localhost.evil.example"])
async def test_without_keys_a_name_that_leads_here_is_not_enough(open_server, host):
    """A page of another site that has changed its own name to lead to this machine (DNS rebinding) gets nothing."""
    async with open_server.client() as client:
        response = await client.post("/graphql", json=WHO, headers={"host": host})

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "evalyard.example"])
def test_without_keys_only_a_loopback_address_is_listened_on(host):
    with pytest.raises(
        StartError, match=r"^Without keys \(--auth none\) Evalyard listens on a loopback address only, "
    ):
        assemble(Settings(auth="none", host=host), INTERFACE)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_keys_a_loopback_address_is_fine(host):
    assemble(Settings(auth="none", host=host), INTERFACE)
    assemble(Settings(auth="keys", host="0.0.0.0"), INTERFACE)


class TestCommandLine:
    """`evalyard keys`, against the database that its settings name."""

    @pytest.fixture
    def keys(self, shared_settings):
        def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
            named = {
                "EVALYARD_MONGODB_URL": shared_settings.mongodb_url,
                "EVALYARD_DATABASE": shared_settings.database,
                **environment,
            }
            command = [sys.executable, "-m", "evalyard.cli", "keys", *arguments]
            return subprocess.run(command, env=named, capture_output=True, text=True, timeout=60, check=False)

        return run

    async def test_a_key_is_made_used_listed_and_revoked(self, keys, guarded_server, shared_store, project_id):
        project = await shared_store.projects.get(project_id)
        made = await asyncio.to_thread(keys, "create", "--project", project.name, "--role", "VIEWER", "--name", "CI")
        [secret] = made.stdout.split()
        key_id = made.stderr.split()[1]
        async with guarded_server.client(headers={"authorization": f"Bearer {secret}"}) as client:
            before = await client.post("/graphql", json=WHO)
            listed = await asyncio.to_thread(keys, "list", "--project", project_id)
            revoked = await asyncio.to_thread(keys, "revoke", key_id)
            after = await client.post("/graphql", json=WHO)

        assert (made.returncode, made.stderr) == (0, f"Key {key_id} (VIEWER), shown once: keep it now.\n")
        assert (before.json(), after.status_code) == ({"data": {"who": "CI"}}, 401)
        [line] = [line.split("\t") for line in listed.stdout.splitlines() if key_id in line]
        assert line[:4] == [key_id, f"{secret[:10]}…", "VIEWER", "valid"]
        assert secret not in listed.stdout
        assert (revoked.returncode, revoked.stderr) == (0, f"Key {key_id} (CI) is revoked.\n")

    async def test_an_instance_key_sees_everything(self, keys, guarded_server):
        made = await asyncio.to_thread(keys, "create", "--instance")
        listed = await asyncio.to_thread(keys, "list")
        async with guarded_server.client(headers={"authorization": f"Bearer {made.stdout.strip()}"}) as client:
            response = await client.post("/graphql", json={"query": 'mutation { makeProject(name: "by an operator") }'})

        assert response.json()["data"]["makeProject"]
        assert made.stderr.split()[1] in listed.stdout

    @pytest.mark.parametrize(
        ("arguments", "code", "sentence"),
        [
            (["create", "--project", "nowhere"], 1, "There is no project 'nowhere'; name one, or make it with"),
            (["create"], 2, "say either --project NAME or --instance"),
            (["create", "--instance", "--project", "x"], 2, "say either --project NAME or --instance"),
            (["create", "--project", "x", "--role", "OWNER"], 2, "OWNER"),
            (["create", "--instance", "--name", " "], 1, "evalyard: A name can't be empty."),
            (["revoke", "0" * 24], 1, "evalyard: There is no such API key."),
        ],
    )
    async def test_refusals_are_sentences(self, keys, arguments, code, sentence):
        ended = await asyncio.to_thread(keys, *arguments)

        assert (ended.returncode, ended.stdout) == (code, "")
        assert sentence in ended.stderr
        assert "Traceback" not in ended.stderr

    async def test_an_unreachable_database_is_a_sentence(self, keys):
        url = "mongodb://127.0.0.1:1/?directConnection=true"
        ended = await asyncio.to_thread(keys, "list", EVALYARD_MONGODB_URL=url)

        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("evalyard: MongoDB can't be reached or used (")
        assert ended.stderr.endswith("Start it, or correct EVALYARD_MONGODB_URL.\n")
        assert ended.stderr.count("\n") == 1

    async def test_the_first_key_is_made_once(self, mongodb_url, database_name):
        settings = Settings(mongodb_url=mongodb_url, database=database_name)

        first = await asyncio.to_thread(ensure_first_key, settings)

        assert first.startswith("evy_")
        assert await asyncio.to_thread(ensure_first_key, settings) is None

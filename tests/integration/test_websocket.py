"""The graphql-transport-ws protocol, over a tiny schema: what is tried is the way to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import ACTIVE, Progress, RunStatus
from evalyard_core.services.access import AccessService
from evalyard_server.assembly import assemble
from evalyard_server.embedded.process import raise_open_files_limit
from evalyard_server.graphql_ws import sessions, view
from tests.fixtures.api import Server, open_session, receive, send, serve
from tests.fixtures.objects import a_run
from tests.fixtures.tiny_schema import INTERFACE
from tests.integration.conftest import OPERATOR

PROGRESS = "subscription ($run: String!) { progress(runId: $run) }"


@contextlib.asynccontextmanager
async def session(server: Server, payload: dict[str, Any] | None = None) -> AsyncIterator[ClientConnection]:
    async with server.connect() as socket:
        await open_session(socket, payload)
        yield socket


async def subscribe(socket: ClientConnection, query: str, name: str = "1", **payload: Any) -> None:
    await send(socket, {"id": name, "type": "subscribe", "payload": {"query": query, **payload}})


async def closing_of(socket: ClientConnection) -> tuple[int, str]:
    """Wait for the server to close, and return code and reason."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            async for _ in socket:
                pass
    return socket.close_code, socket.close_reason


async def until_quiet(server: Server, *figures: str) -> None:
    """Wait until these figures of the server are 0."""
    async with server.client() as client, asyncio.timeout(20):
        while True:
            lines = (await client.get("/metrics")).text.splitlines()
            if all(f"{figure} 0.0" in lines for figure in figures):
                return


async def test_a_subscription_yields_and_completes(open_server):
    async with session(open_server) as socket:
        await subscribe(socket, "subscription { count(to: 3) }")
        received = [await receive(socket) for _ in range(4)]

    assert received == [{"id": "1", "type": "next", "payload": {"data": {"count": n}}} for n in range(3)] + [
        {"id": "1", "type": "complete"}
    ]


async def test_queries_and_mutations_work_too(open_server, shared_store):
    async with session(open_server) as socket:
        await subscribe(socket, "query ($n: Int!) { double(number: $n) }", variables={"n": 4})
        doubled = [await receive(socket) for _ in range(2)]
        await subscribe(socket, 'mutation { makeProject(name: "over a socket") }')
        made = [await receive(socket) for _ in range(2)]

    assert doubled[0]["payload"] == {"data": {"double": 8}}
    stored = await shared_store.projects.by_name("over a socket")
    assert made[0]["payload"] == {"data": {"makeProject": stored.id}}
    assert doubled[1] == made[1] == {"id": "1", "type": "complete"}


async def test_a_run_is_watched_to_its_end(open_server, shared_store):
    run = a_run(progress=Progress(total=2))
    await shared_store.runs.add(run)
    async with session(open_server) as socket:
        await subscribe(socket, PROGRESS, variables={"run": run.id})
        shown = [(await receive(socket))["payload"]["data"]["progress"]]
        for _ in range(2):
            await shared_store.runs.add_progress(run.id, Progress(completed=1), {})
            shown.append((await receive(socket))["payload"]["data"]["progress"])
        await shared_store.runs.move(run.id, RunStatus.COMPLETED, of=ACTIVE, at=now())
        rest = [await receive(socket) for _ in range(2)]

    assert shown == [0, 1, 2]
    assert [message["type"] for message in rest] == ["next", "complete"]


async def test_two_api_processes_show_one_run(open_server, shared_settings, shared_store):
    run = a_run()
    await shared_store.runs.add(run)
    async with (
        serve(assemble(shared_settings, INTERFACE)) as other_server,
        session(open_server) as one,
        session(other_server) as other,
    ):
        for socket in (one, other):
            await subscribe(socket, PROGRESS, variables={"run": run.id})
            assert (await receive(socket))["payload"]["data"]["progress"] == 0

        await shared_store.runs.add_progress(run.id, Progress(completed=7), {})

        shown = [await receive(socket) for socket in (one, other)]
    assert [message["payload"]["data"]["progress"] for message in shown] == [7, 7]


async def test_a_thousand_subscribers_of_one_run_each_see_its_end(open_server, shared_store):
    raise_open_files_limit()
    run = a_run(progress=Progress(total=1))
    await shared_store.runs.add(run)
    begun, at_once = asyncio.Semaphore(0), asyncio.Semaphore(50)

    async def watch() -> list[int]:
        async with contextlib.AsyncExitStack() as stack:
            async with at_once:
                socket = await stack.enter_async_context(session(open_server))
            await subscribe(socket, PROGRESS, variables={"run": run.id})
            shown = [await receive(socket)]
            begun.release()
            while shown[-1]["type"] == "next":
                shown.append(await receive(socket))
            return [message["payload"]["data"]["progress"] for message in shown[:-1]]

    async with asyncio.timeout(60):
        watchers = [asyncio.create_task(watch()) for _ in range(1000)]
        for _ in range(1000):
            await begun.acquire()
        await shared_store.runs.add_progress(run.id, Progress(completed=1), {})
        await shared_store.runs.move(run.id, RunStatus.COMPLETED, of=ACTIVE, at=now())
        shown = await asyncio.gather(*watchers)

    assert [(states[0], states[-1]) for states in shown] == [(0, 1)] * 1000
    await until_quiet(open_server, "evalyard_subscriptions", "evalyard_websocket_connections")


class TestKeys:
    """Who may connect."""

    @pytest.mark.parametrize(
        "form",
        [
            lambda secret: {"Authorization": f"Bearer {secret}"},
            lambda secret: {"authorization": f"bearer {secret}"},
            lambda secret: {"apiKey": secret},
            lambda secret: {"Authorization": "Bearer ", "apiKey": secret},
        ],
    )
    async def test_a_key_comes_with_connection_init(self, guarded_server, project_key, form):
        async with session(guarded_server, form(project_key.secret)) as socket:
            await subscribe(socket, "{ who }")

            assert (await receive(socket))["payload"] == {"data": {"who": "tester"}}

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (None, "This needs an API key. Send `Authorization: Bearer <key>`;"),
            ({}, "This needs an API key. Send `Authorization: Bearer <key>`;"),
            ({"Authorization": 7, "apiKey": ["x"]}, "This needs an API key. Send `Authorization: Bearer <key>`;"),
            ({"Authorization": "Bearer evy_no"}, "This API key is unknown or was revoked."),
            ({"apiKey": "evy_no"}, "This API key is unknown or was revoked."),
        ],
    )
    async def test_a_stranger_is_shown_out(self, guarded_server, payload, reason):
        async with guarded_server.connect() as socket:
            await send(socket, {"type": "connection_init"} | ({} if payload is None else {"payload": payload}))
            code, said = await closing_of(socket)

        assert code == 4401
        assert said.startswith(reason)
        assert len(said.encode()) <= 123

    async def test_a_key_in_the_header_of_the_handshake_is_not_looked_at(self, guarded_server, project_key):
        """A browser can't set it, so that it would only work for some clients."""
        async with guarded_server.connect(additional_headers=project_key.headers) as socket:
            await send(socket, {"type": "connection_init"})

            assert (await closing_of(socket))[0] == 4401

    async def test_an_operation_before_the_acknowledgement_is_refused(self, guarded_server):
        async with guarded_server.connect() as socket:
            await subscribe(socket, "{ who }")

            assert await closing_of(socket) == (4401, "Unauthorized")

    @pytest.mark.parametrize("busy", [True, False])
    async def test_a_connection_ends_with_its_key(self, guarded_server, shared_store, project_key, busy):
        run = a_run()
        await shared_store.runs.add(run)
        async with session(guarded_server, {"apiKey": project_key.secret}) as socket:
            if busy:
                await subscribe(socket, PROGRESS, variables={"run": run.id})
                await receive(socket)
            await AccessService(shared_store).revoke_key(actor=OPERATOR, key_id=project_key.id)

            async with asyncio.timeout(sessions._PERIOD_SECONDS + 3):
                closed = await closing_of(socket)

        assert closed == (4401, "This API key was revoked or has expired.")
        await until_quiet(guarded_server, "evalyard_subscriptions", "evalyard_websocket_connections")

    async def test_another_key_goes_on(self, guarded_server, shared_store, project_key, instance_key):
        run = a_run()
        await shared_store.runs.add(run)
        async with (
            session(guarded_server, {"apiKey": project_key.secret}) as ended,
            session(guarded_server, {"apiKey": instance_key.secret}) as socket,
        ):
            await subscribe(socket, PROGRESS, variables={"run": run.id})
            await receive(socket)
            await AccessService(shared_store).revoke_key(actor=OPERATOR, key_id=project_key.id)
            assert (await closing_of(ended))[0] == 4401

            await shared_store.runs.add_progress(run.id, Progress(completed=3), {})

            assert (await receive(socket))["payload"] == {"data": {"progress": 3}}


class TestProtocol:
    """The messages and close codes that the protocol names."""

    @pytest.mark.parametrize("offered", [["graphql-ws"], ["soap"], None])
    async def test_only_the_one_subprotocol_is_spoken(self, open_server, offered):
        async with open_server.connect(subprotocols=offered) as socket:
            assert await closing_of(socket) == (4406, "Subprotocol not acceptable")

    async def test_who_says_nothing_is_shown_out(self, open_server, monkeypatch, shared_settings):
        monkeypatch.setattr(view, "_INIT_SECONDS", 0.2)
        async with serve(assemble(shared_settings, INTERFACE)) as server, server.connect() as socket:
            assert await closing_of(socket) == (4408, "Connection initialisation timeout")

    @pytest.mark.parametrize(
        "message",
        [
            "NONSENSE",
            '{"type":',
            "[]",
            "7",
            "null",
            '"ping"',
            "{}",
            {"type": None},
            {"type": ["ping"]},
            {"type": "start", "id": "1", "payload": {"query": "{ who }"}},
            {"type": "x" * 5000},
            {"type": "ping", "payload": 7},
            {"type": "connection_init", "payload": "key"},
            {"type": "subscribe", "payload": {"query": "{ who }"}},
            {"type": "subscribe", "id": "", "payload": {"query": "{ who }"}},
            {"type": "subscribe", "id": 1, "payload": {"query": "{ who }"}},
            {"type": "subscribe", "id": "1"},
            {"type": "subscribe", "id": "1", "payload": "{ who }"},
            {"type": "subscribe", "id": "1", "payload": {}},
            {"type": "subscribe", "id": "1", "payload": {"query": 7}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{ who }", "variables": []}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{ who }", "operationName": {}}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{ who }", "extensions": "x"}},
            {"type": "complete"},
        ],
    )
    async def test_a_message_of_another_form_ends_the_connection(self, open_server, message):
        async with session(open_server) as socket:
            await send(socket, message)
            code, reason = await closing_of(socket)

        assert code == 4400
        assert reason

    async def test_bytes_are_no_message(self, open_server):
        async with session(open_server) as socket:
            await socket.send(json.dumps({"type": "ping"}).encode())

            assert (await closing_of(socket))[0] == 4400

    async def test_who_introduces_himself_twice_is_shown_out(self, open_server):
        async with session(open_server) as socket:
            await send(socket, {"type": "connection_init"})

            assert await closing_of(socket) == (4429, "Too many initialisation requests")

    async def test_a_name_that_is_in_use_ends_the_connection(self, open_server, shared_store):
        run = a_run()
        await shared_store.runs.add(run)
        async with session(open_server) as socket:
            await subscribe(socket, PROGRESS, variables={"run": run.id})
            await receive(socket)
            await subscribe(socket, "{ who }")

            assert await closing_of(socket) == (4409, "Subscriber for 1 already exists")

    async def test_a_name_can_be_used_again(self, open_server, shared_store):
        run = a_run()
        await shared_store.runs.add(run)
        async with session(open_server) as socket:
            for _ in range(3):
                await subscribe(socket, PROGRESS, variables={"run": run.id})
                assert (await receive(socket))["type"] == "next"
                await send(socket, {"id": "1", "type": "complete"})
            await send(socket, {"id": "never seen", "type": "complete"})
            await send(socket, {"type": "ping", "payload": {"at": 1}})
            await send(socket, {"type": "pong"})

            assert await receive(socket) == {"type": "pong"}

    @pytest.mark.parametrize(
        ("query", "variables", "code", "field"),
        [
            ("subscription {", None, "BAD_USER_INPUT", "query"),
            ("", None, "BAD_USER_INPUT", "query"),
            ("subscription { nope }", None, "BAD_USER_INPUT", "query"),
            ("subscription ($n: Int!) { count(to: $n) }", {"n": "x"}, "BAD_USER_INPUT", "n"),
            ("subscription ($n: Int!) { count(to: $n) }", None, "BAD_USER_INPUT", "n"),
        ],
    )
    async def test_a_refused_operation_leaves_the_others_alone(self, open_server, query, variables, code, field):
        async with session(open_server) as socket:
            await subscribe(socket, query, "bad", variables=variables)
            refused = await receive(socket)
            await subscribe(socket, "{ who }", "good")
            answered = [await receive(socket) for _ in range(2)]

        assert (refused["type"], refused["id"]) == ("error", "bad")
        assert [error["extensions"] for error in refused["payload"]] == [{"code": code, "field": field}]
        assert answered[0] == {"id": "good", "type": "next", "payload": {"data": {"who": "anyone"}}}

    async def test_a_field_error_comes_with_the_data(self, open_server):
        async with session(open_server) as socket:
            await subscribe(socket, "{ who forbidden }")
            answer = await receive(socket)

        assert answer["payload"]["data"] == {"who": "anyone", "forbidden": None}
        assert [error["extensions"] for error in answer["payload"]["errors"]] == [{"code": "FORBIDDEN"}]

    async def test_an_error_in_the_middle_is_the_last_thing_said(self, open_server):
        async with session(open_server) as socket:
            await subscribe(socket, "subscription { failing }")
            said = [await receive(socket) for _ in range(3)]

        assert said[0]["payload"] == {"data": {"failing": 1}}
        assert (said[1]["type"], said[1]["payload"]["data"]) == ("next", None)
        assert said[1]["payload"]["errors"][0]["message"] == "This is for others."
        assert said[2] == {"id": "1", "type": "complete"}

    async def test_a_connection_carries_a_hundred_operations(self, open_server, shared_store):
        run = a_run()
        await shared_store.runs.add(run)
        async with session(open_server) as socket:
            for number in range(101):
                await subscribe(socket, PROGRESS, str(number), variables={"run": run.id})
            answers = [await receive(socket) for _ in range(101)]

        assert [answer["id"] for answer in answers if answer["type"] == "error"] == ["100"]


class TestLeaving:
    """Nothing stays behind when a client goes, whichever way."""

    @pytest.mark.parametrize("how", ["complete", "close", "abort"])
    async def test_a_client_leaves_nothing_behind(self, open_server, shared_store, how):
        run = a_run()
        await shared_store.runs.add(run)
        socket = await open_server.connect()
        await open_session(socket)
        await subscribe(socket, PROGRESS, variables={"run": run.id})
        await receive(socket)

        if how == "complete":
            await send(socket, {"id": "1", "type": "complete"})
        elif how == "close":
            await socket.close()
        else:
            socket.transport.abort()
        await until_quiet(open_server, "evalyard_subscriptions")
        await socket.close()

        await until_quiet(open_server, "evalyard_websocket_connections")

    async def test_a_server_that_stops_says_so(self, shared_settings, shared_store):
        run = a_run()
        await shared_store.runs.add(run)
        async with contextlib.AsyncExitStack() as stack:
            async with serve(assemble(shared_settings, INTERFACE)) as server:
                socket = await stack.enter_async_context(session(server))
                await subscribe(socket, PROGRESS, variables={"run": run.id})
                await receive(socket)

            assert (await closing_of(socket))[0] == 1012


class TestOrigins:
    """Which pages may connect; a browser says where a page comes from, and asks nobody else."""

    async def test_a_page_of_another_site_is_refused(self, open_server):
        with pytest.raises(InvalidStatus) as refused:
            async with open_server.connect(origin="https://evil.example"):
                pass

        assert refused.value.response.status_code == 403

    async def test_a_page_of_this_server_is_let_in(self, open_server):
        async with open_server.connect(origin=open_server.url) as socket:
            await open_session(socket)

    async def test_a_page_of_an_allowed_site_is_let_in(self, shared_settings):
        settings = shared_settings.model_copy(update={"cors_origins": ("https://app.example",)})
        preflight = {
            "origin": "https://app.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        async with serve(assemble(settings, INTERFACE)) as server, server.client() as client:
            async with server.connect(origin="https://app.example") as socket:
                await open_session(socket)
            asked = await client.options("/graphql", headers=preflight)
            answered = await client.post(
                "/graphql", json={"query": "{ who }"}, headers={"origin": "https://app.example"}
            )
            other = await client.post("/graphql", json={"query": "{ who }"}, headers={"origin": "https://evil.example"})

        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == "https://app.example"
        assert {"Authorization", "Content-Type"} <= set(asked.headers["access-control-allow-headers"].split(", "))
        assert answered.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-origin" not in other.headers

    async def test_without_keys_a_name_that_leads_here_is_not_enough(self, open_server):
        async with open_server.connect("evil.example") as socket:
            await send(socket, {"type": "connection_init"})

            assert (await closing_of(socket))[0] == 4401

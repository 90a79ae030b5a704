"""GraphQL over HTTP, as its specification says, and GraphiQL; mostly over a tiny schema: the way to it is tried."""

import re
from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest

from evalyard_server.app import create_app
from evalyard_server.graphql_http.reading import MOST_BYTES
from tests.fixtures.api import Server, open_session, receive, send, serve

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
UTF_8 = {RESPONSE: f"{RESPONSE}; charset=utf-8", JSON: f"{JSON}; charset=utf-8"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

WHO = {"query": "{ who }"}
COERCION = {"query": "query ($n: Int!) { double(number: $n) }", "variables": {"n": "many"}}


def post(content: Any = WHO, **headers: str | None) -> dict[str, Any]:
    """Return a POST; headers with underscores for hyphens, None leaves one out."""
    plain = {"content_type": JSON, "accept": RESPONSE, **headers}
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return {"method": "POST", "headers": _headers(plain), "content": body}


def get(parameters: dict[str, str], method: str = "GET", **headers: str | None) -> dict[str, Any]:
    """Return a GET, or a request of another method without a body."""
    return {"method": method, "headers": _headers({"accept": RESPONSE, **headers}), "params": parameters}


def _headers(headers: dict[str, str | None]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items() if value is not None}


async def ask(server: Server, request: dict[str, Any]) -> httpx.Response:
    async with server.client() as client:
        wanted = client.build_request(url="/graphql", **request)
        if "accept" not in request["headers"]:
            del wanted.headers["accept"]
        return await client.send(wanted)


ANSWERED = {
    "post": (post(), RESPONSE, {"who": "anyone"}),
    "post, old media type": (post(accept=JSON), JSON, {"who": "anyone"}),
    "post without accept": (post(accept=None), JSON, {"who": "anyone"}),
    "post, any media type": (post(accept="*/*"), RESPONSE, {"who": "anyone"}),
    "post, any application": (post(accept="application/*"), RESPONSE, {"who": "anyone"}),
    "post, as recommended": (
        post(accept=f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8"),
        RESPONSE,
        {"who": "anyone"},
    ),
    "post, old one preferred": (post(accept=f"{RESPONSE};q=0.5, {JSON};q=0.8"), JSON, {"who": "anyone"}),
    "post, old one named": (post(accept=f"{JSON}, text/plain, */*"), JSON, {"who": "anyone"}),
    "post, new one excluded": (post(accept=f"{RESPONSE};q=0, */*"), JSON, {"who": "anyone"}),
    "charset named": (post(content_type="application/json; charset=UTF-8"), RESPONSE, {"who": "anyone"}),
    "content type in capitals": (post(content_type="Application/JSON"), RESPONSE, {"who": "anyone"}),
    "variables": (
        post({"query": "query ($n: Int!) { double(number: $n) }", "variables": {"n": 21}}),
        RESPONSE,
        {"double": 42},
    ),
    "operation name": (
        post({"query": "query A { double(number: 1) } query B { double(number: 2) }", "operationName": "B"}),
        RESPONSE,
        {"double": 4},
    ),
    "nulls for what is optional": (
        post({**WHO, "variables": None, "operationName": None, "extensions": None}),
        RESPONSE,
        {"who": "anyone"},
    ),
    "unknown parameters": (post({**WHO, "id": 7, "extensions": {"trace": True}}), RESPONSE, {"who": "anyone"}),
    "unicode": (post({"query": '{ echo(value: "Grüße 你好 👋") }'}), RESPONSE, {"echo": "Grüße 你好 👋"}),
    "get": (get({"query": "{ who }"}), RESPONSE, {"who": "anyone"}),
    "get without accept": (get({"query": "{ who }"}, accept=None), JSON, {"who": "anyone"}),
    "get, old media type": (get({"query": "{ who }"}, accept=JSON), JSON, {"who": "anyone"}),
    "get with variables": (
        get({"query": "query ($n: Int!) { double(number: $n) }", "variables": '{"n": 4}'}),
        RESPONSE,
        {"double": 8},
    ),
    "get, empty operation name": (get({"query": "{ who }", "operationName": ""}), RESPONSE, {"who": "anyone"}),
    "get, mutation beside the query": (
        get({"query": 'query A { who } mutation B { makeProject(name: "x") }', "operationName": "A"}),
        RESPONSE,
        {"who": "anyone"},
    ),
}


@pytest.mark.parametrize("case", ANSWERED)
async def test_a_request_is_answered(open_server, case):
    request, media_type, data = ANSWERED[case]

    response = await ask(open_server, request)

    assert (response.status_code, response.headers["content-type"]) == (200, UTF_8[media_type])
    assert orjson.loads(response.content) == {"data": data}
    assert response.headers["cache-control"] == "no-store"


#: What is no GraphQL request: status, code, field and, where there is one, the Allow header. The same whatever the
#: client accepts.
MALFORMED = {
    "no JSON": (post(b"NONSENSE"), 400, "BAD_USER_INPUT", "body"),
    "half of JSON": (post(b'{"query":'), 400, "BAD_USER_INPUT", "body"),
    "no UTF-8": (post(b'{"query": "\xff"}'), 400, "BAD_USER_INPUT", "body"),
    "nested without end": (post(b'{"query": ' + b"[" * 100_000), 400, "BAD_USER_INPUT", "body"),
    "no body": (post(b""), 400, "BAD_USER_INPUT", "body"),
    "a batch": (post([WHO, WHO]), 400, "BAD_USER_INPUT", "body"),
    "a string": (post("{ who }"), 400, "BAD_USER_INPUT", "body"),
    "no query": (post({"qeury": "{ who }"}), 400, "BAD_USER_INPUT", "query"),
    **{
        f"query {value!r}": (post({"query": value}), 400, "BAD_USER_INPUT", "query")
        for value in (None, {"obj": "ect"}, 0, False, ["array"])
    },
    **{
        f"operationName {value!r}": (post({**WHO, "operationName": value}), 400, "BAD_USER_INPUT", "operationName")
        for value in ({}, {"obj": "ect"}, 0, False, [], ["array"])
    },
    **{
        f"{name} {value!r}": (post({**WHO, name: value}), 400, "BAD_USER_INPUT", name)
        for name in ("variables", "extensions")
        for value in ("string", 0, False, ["array"])
    },
    "get without query": (get({}), 400, "BAD_USER_INPUT", "query"),
    "get, variables are no JSON": (get({**WHO, "variables": "{"}), 400, "BAD_USER_INPUT", "variables"),
    "get, variables are a list": (get({**WHO, "variables": "[7]"}), 400, "BAD_USER_INPUT", "variables"),
    "get, extensions are no JSON": (get({**WHO, "extensions": "{"}), 400, "BAD_USER_INPUT", "extensions"),
    "a subscription": (post({"query": "subscription { count(to: 1) }"}), 400, "BAD_USER_INPUT", "query"),
    "no content type": (post(content_type=None), 415, "BAD_USER_INPUT", "Content-Type"),
    **{
        f"content type {value}": (post(content_type=value), 415, "BAD_USER_INPUT", "Content-Type")
        for value in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/graphql",
            "application/json-patch+json",
            "application/json; charset=utf-16",
        )
    },
    "compressed": (post(content_encoding="gzip"), 415, "BAD_USER_INPUT", "Content-Encoding"),
    "put": ({**post(), "method": "PUT"}, 405, "BAD_USER_INPUT", "method", "GET, POST"),
    "patch": ({**post(), "method": "PATCH"}, 405, "BAD_USER_INPUT", "method", "GET, POST"),
    "delete": (get(WHO, "DELETE"), 405, "BAD_USER_INPUT", "method", "GET, POST"),
    "options": (get(WHO, "OPTIONS"), 405, "BAD_USER_INPUT", "method", "GET, POST"),
    "mutation by get": (
        get({"query": 'mutation { makeProject(name: "by get") }'}),
        405,
        "BAD_USER_INPUT",
        "method",
        "POST",
    ),
    "mutation by get, by name": (
        get({"query": 'query A { who } mutation B { makeProject(name: "by get") }', "operationName": "B"}),
        405,
        "BAD_USER_INPUT",
        "method",
        "POST",
    ),
    "too large": (post(b" " * (MOST_BYTES + 1)), 413, "LIMIT_EXCEEDED", "body"),
}


@pytest.mark.parametrize("accept", [RESPONSE, JSON])
@pytest.mark.parametrize("case", MALFORMED)
async def test_what_is_no_request_is_refused(open_server, shared_store, case, accept):
    request, status, code, field, *allow = MALFORMED[case]
    request = {**request, "headers": {**request["headers"], "accept": accept}}

    response = await ask(open_server, request)

    assert (response.status_code, response.headers["content-type"]) == (status, UTF_8[accept])
    assert response.headers.get("allow") == (allow[0] if allow else None)
    [error] = orjson.loads(response.content)["errors"]
    assert error["extensions"] == {"code": code, "field": field}
    assert error["message"].endswith(".")
    assert await shared_store.projects.by_name("by get") is None


#: Requests that are refused when they are looked at: code and field.
REFUSED = {
    "syntax": ({"query": "{"}, "BAD_USER_INPUT", "query"),
    "empty": ({"query": ""}, "BAD_USER_INPUT", "query"),
    "blank": ({"query": " # nothing"}, "BAD_USER_INPUT", "query"),
    "no operation": ({"query": "fragment F on Query { who }"}, "BAD_USER_INPUT", "query"),
    "unknown field": ({"query": "{ nope }"}, "BAD_USER_INPUT", "query"),
    "unknown operation": ({"query": "query A { who }", "operationName": "B"}, "BAD_USER_INPUT", "query"),
    "coercion": (COERCION, "BAD_USER_INPUT", "n"),
    "missing variable": ({"query": COERCION["query"]}, "BAD_USER_INPUT", "n"),
}


@pytest.mark.parametrize(("accept", "status"), [(RESPONSE, 400), (JSON, 200), (None, 200)])
@pytest.mark.parametrize("case", REFUSED)
async def test_a_request_error_has_no_data_and_a_status_by_media_type(open_server, case, accept, status):
    content, code, field = REFUSED[case]

    response = await ask(open_server, post(content, accept=accept))

    body = orjson.loads(response.content)
    assert (response.status_code, list(body)) == (status, ["errors"])
    assert [(error["extensions"]["code"], error["extensions"]["field"]) for error in body["errors"]] == [(code, field)]


@pytest.mark.parametrize("accept", [RESPONSE, JSON])
async def test_a_field_error_is_a_partial_answer(open_server, accept):
    partial = await ask(open_server, post({"query": "{ who forbidden }"}, accept=accept))
    nothing = await ask(open_server, post({"query": "{ who required }"}, accept=accept))

    assert (partial.status_code, nothing.status_code) == (200, 200)
    assert partial.json()["data"] == {"who": "anyone", "forbidden": None}
    assert nothing.json()["data"] is None
    for response, path in ((partial, "forbidden"), (nothing, "required")):
        [error] = response.json()["errors"]
        assert (error["path"], error["message"], error["extensions"]) == (
            [path],
            "This is for others.",
            {"code": "FORBIDDEN"},
        )


@pytest.mark.parametrize("accept", ["text/plain", "image/*", f"{JSON};q=0", "nonsense"])
async def test_a_client_that_accepts_nothing_we_have(open_server, accept):
    response = await ask(open_server, post(accept=accept))

    assert (response.status_code, response.headers["content-type"]) == (406, UTF_8[JSON])
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "Accept"}


async def test_a_body_without_a_length_is_cut_off_where_it_gets_too_large(open_server):
    async def long():
        for _ in range(60):
            yield b" " * 1_000_000

    async with open_server.client() as client:
        response = await client.post("/graphql", content=long(), headers={"content-type": JSON})

    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_a_mutation_by_post_is_carried_out(open_server, shared_store):
    response = await ask(open_server, post({"query": 'mutation { makeProject(name: "by post") }'}))

    stored = await shared_store.projects.by_name("by post")
    assert response.json() == {"data": {"makeProject": stored.id}}


async def test_a_request_is_found_in_the_log_by_its_name(open_server):
    async with open_server.client() as client:
        given = await client.post("/graphql", json=WHO, headers={"X-Request-ID": "from-the-proxy.1"})
        made = await client.post("/graphql", json=WHO)
        odd = await client.post("/graphql", json=WHO, headers={"X-Request-ID": 'a"b {}'})

    assert given.headers["x-request-id"] == "from-the-proxy.1"
    assert re.fullmatch(r"[0-9a-f]{16}", made.headers["x-request-id"])
    assert re.fullmatch(r"[0-9a-f]{16}", odd.headers["x-request-id"])


async def test_other_addresses(open_server):
    async with open_server.client() as client:
        root = await client.get("/")
        with_slash = await client.get("/graphql/", follow_redirects=True, headers={"accept": BROWSER})
        unknown = await client.get("/graphql/assets/../../../etc/passwd")

    assert (root.status_code, root.headers["location"]) == (307, "graphql")
    assert (with_slash.status_code, unknown.status_code) == (200, 404)


@pytest.fixture(scope="module")
async def whole_server(shared_settings):
    async with serve(create_app(shared_settings)) as server:
        yield server


class TestWhole:
    """The application as it is served."""

    async def test_a_query_is_answered(self, whole_server):
        response = await ask(whole_server, post({"query": "{ viewer { name role } }"}))

        assert response.json() == {"data": {"viewer": {"name": "anyone", "role": "ADMIN"}}}

    @pytest.mark.parametrize(("accept", "status"), [(RESPONSE, 400), (JSON, 200)])
    async def test_of_several_operations_one_must_be_named(self, whole_server, accept, status):
        content = {"query": "query A { viewer { name } } query B { viewer { role } }"}

        unnamed = await ask(whole_server, post(content, accept=accept))
        named = await ask(whole_server, post({**content, "operationName": "B"}, accept=accept))

        assert (unnamed.status_code, list(unnamed.json())) == (status, ["errors"])
        assert unnamed.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "query"}
        assert named.json() == {"data": {"viewer": {"role": "ADMIN"}}}

    async def test_a_run_is_started_over_http_and_watched_over_a_socket(self, whole_server):
        async with whole_server.client() as client, whole_server.connect() as socket:
            project = await mutate(client, 'createProject(input: {name: "whole"})')
            run = await mutate(client, f'startRun(input: {{projectId: "{project}"}})')
            await open_session(socket)
            query = f'subscription {{ runProgress(runId: "{run}") {{ id status progress {{ completed }} }} }}'
            await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": query}})
            first = await receive(socket)
            await mutate(client, f'submitRecords(runId: "{run}", records: [{{input: 1, output: 2}}]) {{ run', "}")
            second = await receive(socket)

        shown = [message["payload"]["data"]["runProgress"] for message in (first, second)]
        assert [(state["id"], state["status"], state["progress"]["completed"]) for state in shown] == [
            (run, "RUNNING", 0),
            (run, "RUNNING", 1),
        ]


async def mutate(client: httpx.AsyncClient, field: str, end: str = "") -> str:
    """Send a mutation of one field and return the id in its answer."""
    response = await client.post("/graphql", json={"query": f"mutation {{ {field} {{ id }} {end} }}"})
    [answer] = response.json()["data"].values()
    return (answer if "id" in answer else answer["run"])["id"]


class TestPages:
    """What a browser gets, and what pages of other sites get."""

    async def test_graphiql_comes_whole_from_this_server(self, open_server):
        async with open_server.client(headers={"accept": BROWSER}) as client:
            page = await client.get("/graphql")
            named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
            files = {name: await client.get(name, headers={"accept": "*/*"}) for name in named}

        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "//" not in re.sub(r"<!doctype[^>]*>", "", page.text)
        assert len(files) == 9
        for name, file in files.items():
            kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            suffix = re.search(r"\.\w+(?=\?)", name)[0]
            assert (file.status_code, file.headers["content-type"].partition(";")[0]) == (200, kinds[suffix])
            assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert len(file.content) > 50

    async def test_a_browser_gets_the_page_with_a_query_in_the_address_too(self, open_server):
        response = await ask(open_server, get(WHO, accept=BROWSER))

        assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")

    async def test_a_file_that_has_changed_is_asked_for_again(self, open_server):
        async with open_server.client() as client:
            old = await client.get("/graphql/assets/console.js?v=0123456789abcdef")
            unknown = await client.get("/graphql/assets/secrets.js")

        assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
        assert unknown.status_code == 404

    async def test_no_other_site_may_ask_unless_it_is_allowed(self, open_server):
        preflight = {"origin": "https://app.example", "access-control-request-method": "POST"}
        async with open_server.client() as client:
            asked = await client.options("/graphql", headers=preflight)
            simple = await client.post("/graphql", json=WHO, headers={"origin": "https://app.example"})

        assert asked.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        for response in (asked, simple):
            assert not [name for name in response.headers if name.startswith("access-control")]

"""A worker reaches more than its users do: targets connect to public addresses and to what the operator allows."""

import asyncio
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from evalyard import TargetError
from evalyard.http import AddressRefused, GuardedTransport
from evalyard.network import AllowedNetworks
from evalyard_targets import HttpConfig, HttpTarget

TLS = Path(__file__).parent / "tls"
LOOPBACK = AllowedNetworks.parse("127.0.0.0/8")


@pytest.fixture
async def resolver(monkeypatch):
    """Answer for the names of .example as a DNS server would, in turn where there are several answers."""
    answers: dict[str, list[list[str]]] = {}
    asked = []
    real = asyncio.get_running_loop().getaddrinfo

    async def getaddrinfo(host, port, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in answers:
            return await real(host, port, **options)
        asked.append(name)
        found = answers[name].pop(0) if len(answers[name]) > 1 else answers[name][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    getaddrinfo.answers, getaddrinfo.asked = answers, asked
    return getaddrinfo


async def _code(target, request):
    with pytest.raises(TargetError) as caught:
        await target.call(request)
    return caught.value.code, caught.value.retryable


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://[::1]:1/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
     "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/"],
)  # fmt: skip
def test_an_address_is_refused_when_it_is_saved(monkeypatch, url):
    monkeypatch.delenv("EVALYARD_TARGET_ALLOWED_NETWORKS")
    with pytest.raises(TargetError, match="this worker connects to no other") as caught:
        HttpTarget(HttpConfig(url=url))
    assert (caught.value.code, caught.value.retryable) == ("ADDRESS_REFUSED", False)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1"])
async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_called(
    server, make_http_target, make_request, monkeypatch, host
):
    monkeypatch.delenv("EVALYARD_TARGET_ALLOWED_NETWORKS")
    target = await make_http_target(url=f"http://{host}:{server.port}/ask")
    assert await _code(target, make_request()) == ("ADDRESS_REFUSED", False)
    assert server.connections == 0


async def test_an_operator_allows_a_name(server, make_http_target, make_request, monkeypatch, resolver):
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "qa.example")
    resolver.answers |= {"qa.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
    target = await make_http_target(url=f"http://qa.example:{server.port}/ask")
    other = await make_http_target(url=f"http://other.example:{server.port}/ask")

    assert (await target.call(make_request())).output == {"answer": "Paris"}
    assert await _code(other, make_request()) == ("ADDRESS_REFUSED", False)
    assert [asked.headers["host"] for asked in server.asked] == [f"qa.example:{server.port}"]


async def test_a_name_whose_address_changes_after_the_check_leads_to_the_checked_one(server, resolver):
    resolver.answers["qa.example"] = [["127.0.0.1"], ["169.254.169.254"]]
    async with httpx.AsyncClient(transport=GuardedTransport(allowed=LOOPBACK)) as client:
        answers = [await client.get(f"http://qa.example:{server.port}/") for _ in range(2)]
        await client.aclose()

    assert [answer.status_code for answer in answers] == [200, 200]
    assert resolver.asked == ["qa.example"]
    assert server.connections == 1


async def test_the_next_connection_is_checked_anew(server, make_answer, resolver):
    server.answers(make_answer(b"", connection="close"))
    resolver.answers["qa.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    async with httpx.AsyncClient(transport=GuardedTransport(allowed=LOOPBACK)) as client:
        await client.get(f"http://qa.example:{server.port}/")
        with pytest.raises(AddressRefused, match="has no public address"):
            await client.get(f"http://qa.example:{server.port}/")


@pytest.mark.parametrize("location", ["http://10.0.0.1/", "http://inside.example/", "http://localhost:1/"])
async def test_a_redirect_leads_nowhere_else(server, make_answer, resolver, location):
    resolver.answers |= {"qa.example": [["127.0.0.1"]], "inside.example": [["192.168.0.1"]]}
    server.answers(make_answer(b"", 302, location=location))
    allowed = AllowedNetworks.parse("qa.example")
    async with httpx.AsyncClient(transport=GuardedTransport(allowed=allowed), follow_redirects=True) as client:
        with pytest.raises(AddressRefused):
            await client.get(f"http://qa.example:{server.port}/")
    assert len(server.asked) == 1


async def test_the_next_address_is_tried_where_one_does_not_answer(server, resolver):
    resolver.answers["qa.example"] = [["127.0.0.2", "127.0.0.1"]]
    async with httpx.AsyncClient(transport=GuardedTransport(allowed=LOOPBACK)) as client:
        assert (await client.get(f"http://qa.example:{server.port}/")).status_code == 200


@pytest.mark.parametrize(
    ("number", "code", "retryable"),
    [(socket.EAI_NONAME, "UNKNOWN_HOST", False), (socket.EAI_AGAIN, "CONNECTION", True)],
    ids=["nobody knows the name", "no name server answers"],
)
async def test_an_unknown_host_is_asked_for_once(make_http_target, make_request, monkeypatch, number, code, retryable):
    async def unknown(*_, **__):
        raise socket.gaierror(number, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown, raising=False)
    target = await make_http_target(url="http://nowhere.example/")
    assert await _code(target, make_request()) == (code, retryable)


async def test_tls_keeps_to_the_name(make_answer, make_request, make_http_target, monkeypatch, resolver):
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "cert.pem"))
    resolver.answers |= {"qa.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    names = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(make_answer({"answer": "Paris"}, connection="close"))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        right = await make_http_target(url=f"https://qa.example:{port}/", method="GET")
        wrong = await make_http_target(url=f"https://other.example:{port}/", method="GET")
        assert (await right.call(make_request())).output == {"answer": "Paris"}
        assert await _code(wrong, make_request()) == ("TLS", False)
    assert names == ["qa.example", "other.example"]

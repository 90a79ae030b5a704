import socket

import pytest

from evalyard_core.settings import Settings
from evalyard_server.listening import base_url, is_loopback, open_listener, refuse_open_access
from evalyard_server.start_error import StartError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_addresses(host):
    assert is_loopback(host)
    refuse_open_access(Settings(host=host, auth="none"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "192.168.1.2", "localhost.example.com", ""])
def test_open_addresses_need_keys(host):
    assert not is_loopback(host)
    refuse_open_access(Settings(host=host, auth="keys"))
    with pytest.raises(StartError, match=r"say --auth keys, or --host 127\.0\.0\.1\.$"):
        refuse_open_access(Settings(host=host, auth="none"))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_the_url_that_this_machine_reaches(host, url):
    assert base_url(host, 8000) == url


def test_any_free_port():
    with open_listener("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        assert listener.getsockname()[1] > 0


def test_a_port_in_use():
    with open_listener("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"^Port {port} of 127\.0\.0\.1 is in use: stop the program that has it"):
            open_listener("127.0.0.1", port)


def test_an_address_of_another_machine():
    with pytest.raises(
        StartError, match=r"^Evalyard can't listen on 192\.0\.2\.1 port 1: .*Correct --host and --port\.$"
    ):
        open_listener("192.0.2.1", 1)

import asyncio
import ipaddress
import socket

import pytest

from evalyard.network import AddressRefused, AllowedNetworks, allowed_networks, is_public

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))
    assert AllowedNetworks().allows(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_others_are_not_however_they_are_wrapped(address):
    assert not is_public(ipaddress.ip_address(address))
    assert not AllowedNetworks().allows(address)


def test_what_is_allowed_is_read_from_a_list():
    allowed = AllowedNetworks.parse(" 127.0.0.0/8, ::1,10.1.2.3 ,, Model.Internal,*.svc.cluster.local ")

    addresses = ["127.0.0.1", "::ffff:127.9.9.9", "::1", "10.1.2.3", "10.1.2.4", "fe80::1"]
    names = ["model.internal", "MODEL.internal.", "qa.svc.cluster.local", "svc.cluster.local", "other.internal", "l"]
    assert [allowed.allows(address) for address in addresses] == [True, True, True, True, False, False]
    assert [allowed.allows_name(name) for name in names] == [True, True, True, False, False, False]
    assert AllowedNetworks.parse("") == AllowedNetworks()


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "10.0.0", "999.0.0.1", "a b", "*", "a.*.b", "http://a", "-a", "a:80"])
def test_a_wrong_entry_is_named(wrong):
    with pytest.raises(ValueError, match="no address and no host name") as caught:
        AllowedNetworks.parse(f"127.0.0.1,{wrong}")
    assert str(caught.value).startswith(f"{wrong!r} is no network such as 10.0.0.0/8, ")


def test_the_operator_sets_it(monkeypatch):
    monkeypatch.delenv("EVALYARD_TARGET_ALLOWED_NETWORKS", raising=False)
    assert not allowed_networks().allows("127.0.0.1")
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    assert allowed_networks().allows("127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "[::1]"])
async def test_loopback_is_refused_however_it_is_written(host):
    with pytest.raises((AddressRefused, OSError)):
        await AllowedNetworks().resolve(host, 80)
    with pytest.raises(
        AddressRefused, match=r"^127\.0\.0\.1 has no public address, .*EVALYARD_TARGET_ALLOWED_NETWORKS\.$"
    ):
        await AllowedNetworks().resolve("127.0.0.1", 80)


async def test_only_what_is_allowed_is_returned(monkeypatch):
    def answer(addresses):
        async def getaddrinfo(host, port, **_):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)

    answer(["10.0.0.1", "8.8.8.8", "10.0.0.2", "8.8.8.8"])
    assert await AllowedNetworks().resolve("mixed.example", 443) == ["8.8.8.8"]
    assert await AllowedNetworks.parse("10.0.0.0/31").resolve("mixed.example", 443) == ["10.0.0.1", "8.8.8.8"]
    assert len(await AllowedNetworks.parse("mixed.example").resolve("mixed.example", 443)) == 3
    answer(["10.0.0.1", "169.254.169.254"])
    with pytest.raises(AddressRefused, match=r"^private\.example has no public address") as caught:
        await AllowedNetworks().resolve("private.example", 443)
    assert "10.0.0.1" not in str(caught.value)


async def test_what_is_no_host_name_is_unknown():
    with pytest.raises(OSError, match="is no host name"):
        await AllowedNetworks().resolve("a" * 64 + ".example", 80)


def test_an_address_can_be_refused_before_any_call():
    allowed = AllowedNetworks.parse("10.0.0.0/8")
    for fine in ("10.0.0.1", "8.8.8.8", "a.name.that.is.resolved.later"):
        allowed.refuse(fine)
    with pytest.raises(AddressRefused):
        allowed.refuse("192.168.0.1")

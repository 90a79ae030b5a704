"""What a client's JSON is read as."""

import json

import pytest

from evalyard_server.client_json import read_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, -2.5, "x", null, true]}', {"a": [1, -2.5, "x", None, True]}),
        (b"18446744073709551615", 2**64 - 1),
        (b"[-9223372036854775808, 9223372036854775807]", [-(2**63), 2**63 - 1]),
        (
            b'{"12345678901234567890123": "12345678901234567890123"}',
            {"1234567890" * 2 + "123": "1234567890" * 2 + "123"},
        ),
        (b"0.1234567890123456789012", 0.12345678901234568),
        (b"1e300", 1e300),
    ],
)
def test_what_fits_is_read_as_it_is(text: bytes, value: object):
    assert read_json(text) == value


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**25, -(10**300)])
def test_an_integer_beyond_64_bits_is_refused_with_its_place(number: int):
    with pytest.raises(json.JSONDecodeError, match=r"an integer must fit into 64 bits.*: line 2 column 7 \(char 8\)$"):
        read_json(f'[\n"a",  {number}]'.encode())


@pytest.mark.parametrize("text", [b"", b"NaN", b"[Infinity]", b"1e999", b"\xff", b"[" * 5000, b"9" * 5000])
def test_what_is_no_json_is_refused(text: bytes):
    with pytest.raises(json.JSONDecodeError):
        read_json(text)


def test_long_numbers_inside_many_lists_are_refused_too():
    with pytest.raises(json.JSONDecodeError, match="nested too deep"):
        read_json(b"[" * 1000 + b"1234567890123456789" + b"]" * 1000)

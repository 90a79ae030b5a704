"""Compressed bodies: read whole or refused, and never more of them than asked for."""

import gzip
import zlib

import pytest

from evalyard_server.otlp.inflating import NotCompressed, TooLong, inflated


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@pytest.mark.parametrize("body", [b"", b"x", bytes(1_000), b"abc" * 333 + b"d"])
def test_what_was_compressed_comes_back_up_to_the_limit(encoding: str, compress, body: bytes):
    assert inflated(compress(body), encoding, most=1_000) == body
    if body:
        with pytest.raises(TooLong):
            inflated(compress(body), encoding, most=len(body) - 1)


def test_a_file_of_several_members_is_one():
    assert inflated(gzip.compress(b"ab") + gzip.compress(b"cd"), "gzip", most=4) == b"abcd"
    with pytest.raises(TooLong):
        inflated(gzip.compress(b"ab") + gzip.compress(b"cd"), "gzip", most=3)
    with pytest.raises(NotCompressed):
        inflated(gzip.compress(b"") * 10_000, "gzip", most=1_000)


#: The same at each moment: every process that runs tests has to find the same ones.
HELLO = gzip.compress(b"hello", mtime=0)


@pytest.mark.parametrize("body", [b"no", HELLO[:-1], HELLO + b"more"])
def test_what_is_not_compressed_is_refused(body: bytes):
    with pytest.raises(NotCompressed):
        inflated(body, "gzip", most=1_000)


def test_a_bomb_is_given_up_at_once():
    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    assert len(inflated(bomb, "gzip", most=1_000_000)) < 1_000_000
    with pytest.raises(TooLong):
        inflated(gzip.compress(bytes(50_000_000)), "gzip", most=1_000)

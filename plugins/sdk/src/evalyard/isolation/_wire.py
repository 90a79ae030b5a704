"""Messages between a worker and a process that runs a plugin: the length in four bytes, then JSON.

Plain JSON, since what comes from a plugin's process must not be able to do anything but be wrong.
"""

import json
import socket
import struct
from collections.abc import Iterator
from typing import Any, Final

#: Both sides have to speak the same one.
PROTOCOL: Final = 1
#: Of a plugin's process: an answer or a description has far fewer.
LONGEST_ANSWER: Final = 4 * 1024 * 1024

_LENGTH: Final = struct.Struct(">I")
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class BadMessage(Exception):
    """What came is no message."""


def pack(message: Any) -> bytes:
    """Return a message as bytes; raises TypeError, ValueError or RecursionError for what is no JSON."""
    body = _encode(message).encode()
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Cuts what comes in, in whatever pieces, into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Yield the messages that are complete with this piece; raises BadMessage."""
        self._bytes += piece
        begin = 0
        while len(self._bytes) - begin >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes, begin)
            if length > LONGEST_ANSWER:
                raise BadMessage(f"a message of {length:,} bytes")
            end = begin + _LENGTH.size + length
            if len(self._bytes) < end:
                break
            yield _decode(self._bytes[begin + _LENGTH.size : end])
            begin = end
        del self._bytes[:begin]


def _decode(body: bytearray) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMessage(str(error)[:200]) from error


class Channel:
    """The plugin process's end: one message after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._input = connection.makefile("rb")

    def receive(self) -> Any:
        """Wait for a message; None when the worker is gone."""
        head = self._input.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        return json.loads(self._input.read(length))

    def send(self, message: Any) -> None:
        """Send a message at once; raises ValueError for one that is too long."""
        packed = pack(message)
        if len(packed) > LONGEST_ANSWER:
            raise ValueError(f"it has {len(packed):,} bytes")
        self._connection.sendall(packed)

"""JSON as clients send it."""

import json
from typing import Any, Final

import orjson

_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**64 - 1
#: Fewer digits always fit into 64 bits. Every digit counts as a zero, since a search for one text takes a tenth of the
#: time of one for a pattern.
_ALL_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS: Final = b"0" * 19


def read_json(text: bytes) -> Any:
    """Return the value of a JSON text; raises json.JSONDecodeError for what is none.

    And for an integer beyond 64 bits, which orjson would silently make the nearest floating-point number.
    """
    value = orjson.loads(text)
    if _MANY_DIGITS in text.translate(_ALL_ZEROS):
        _check_integers(text.decode())
    return value


def _check_integers(text: str) -> None:
    def check(digits: str) -> None:
        # The length first: Python reads no integer of thousands of digits.
        if len(digits) > len(str(_LOWEST)) or not _LOWEST <= int(digits) <= _HIGHEST:
            raise json.JSONDecodeError("an integer must fit into 64 bits; write it as a text", text, text.find(digits))

    try:
        json.loads(text, parse_int=check)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deep", text, 0) from error

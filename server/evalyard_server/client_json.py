"""JSON as clients send it."""

import json
import re
from typing import Any, Final

import orjson

#: Fewer digits always fit into 64 bits.
_MANY_DIGITS: Final = re.compile(rb"\d{19}")


def read_json(text: bytes) -> Any:
    """Return the value of a JSON text; raises json.JSONDecodeError for what is none.

    And for an integer beyond 64 bits, which orjson would silently make the nearest floating-point number.
    """
    value = orjson.loads(text)
    if _MANY_DIGITS.search(text):
        _check_integers(text.decode())
    return value


def _check_integers(text: str) -> None:
    def check(digits: str) -> None:
        # Python reads no integer of thousands of digits.
        if len(digits) > len(str(-(2**63))) or not -(2**63) <= int(digits) < 2**64:
            place = text.find(digits)
            raise json.JSONDecodeError("an integer must fit into 64 bits; write it as a text", text, place)

    try:
        json.loads(text, parse_int=check)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deep", text, 0) from error

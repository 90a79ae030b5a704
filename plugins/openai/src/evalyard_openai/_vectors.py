"""Vectors in the answer of an embeddings endpoint."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evalyard_openai._errors import EndpointError


def read_vectors(body: Mapping[str, Any], count: int, host: str) -> Sequence[Sequence[float]]:
    """Return the vectors in the order of their texts, all of one length; raises EndpointError BAD_ANSWER.

    The rows are put in order by their `index`, since nothing promises that they are.
    """
    rows = body.get("data")
    vectors: list[Sequence[float] | None] = [None] * count
    for place, row in enumerate(rows if isinstance(rows, list) else []):
        index = row.get("index", place) if isinstance(row, Mapping) else None
        vector = row.get("embedding") if isinstance(row, Mapping) else None
        if not (isinstance(index, int) and 0 <= index < count and _is_vector(vector)):
            raise _bad(host, f"row {place + 1} is no vector of one of the {count} texts")
        vectors[index] = vector
    found = [vector for vector in vectors if vector is not None]
    if len(found) != count:
        raise _bad(host, f"it has vectors of {len(found)} of the {count} texts")
    if len({len(vector) for vector in found}) > 1:
        raise _bad(host, "its vectors have different lengths")
    return found


def _is_vector(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(type(number) in {int, float} and math.isfinite(number) for number in value)


def _bad(host: str, what: str) -> EndpointError:
    return EndpointError(f"The answer of {host} is not usable: {what}.", code="BAD_ANSWER")

"""The scalars DateTime and JSON."""

import math
import re
from datetime import UTC, datetime
from typing import Any, Final

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

#: RFC 3339 section 5.6, with the space that its note allows.
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def parse_date_time(value: Any) -> datetime:
    """Return the moment in UTC that an RFC 3339 text with an offset names, or refuse it."""
    moment = _moment(value) if isinstance(value, str) and _RFC_3339.fullmatch(value) else None
    if moment is None:
        raise GraphQLError("A DateTime is an RFC 3339 text with an offset, such as 2026-01-31T12:00:00Z.")
    return moment


def _moment(text: str) -> datetime | None:
    """Return what a well-formed text names, None for a day or an hour that there is not."""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def print_date_time(value: datetime) -> str:
    """Return a moment as RFC 3339 in UTC, to the millisecond that is stored."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """Return the JSON value that a literal in a query stands for, or refuse a number that JSON's readers can't hold."""
    value = value_from_ast_untyped(node, variables)
    _check_numbers(value)
    return value


def _check_numbers(value: Any) -> None:
    if isinstance(value, dict):
        for entry in value.values():
            _check_numbers(entry)
    elif isinstance(value, list):
        for entry in value:
            _check_numbers(entry)
    elif isinstance(value, float) and not math.isfinite(value):
        raise GraphQLError("A JSON number must be finite.")
    elif isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise GraphQLError("A JSON integer must fit into 64 bits; write it as a text.")


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: RFC 3339 in UTC with milliseconds, such as `2026-01-31T12:00:00.000Z`. "
        "Other offsets are taken in.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=print_date_time,
        parse_value=parse_date_time,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=parse_json_literal,
    ),
}

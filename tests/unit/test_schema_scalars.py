"""DateTime and JSON, as they are taken in and written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from evalyard_schema.scalars import SCALARS


@strawberry.type
class Query:
    @strawberry.field
    def moment(self, at: datetime) -> datetime:
        return at

    @strawberry.field
    def value(self, of: JSON) -> JSON | None:
        return of


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
        ("2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.500Z"),
        ("2026-01-31 12:00:00+02:00", "2026-01-31T10:00:00.000Z"),
        ("2026-01-01T00:30:00.123456789+01:00", "2025-12-31T23:30:00.123Z"),
        ("1969-07-20T20:17:40-00:00", "1969-07-20T20:17:40.000Z"),
    ],
)
def test_a_moment_is_shown_in_utc(text: str, shown: str):
    for query in ("query($at: DateTime!) { moment(at: $at) }", f'{{ moment(at: "{text}") }}'):
        assert SCHEMA.execute_sync(query, {"at": text}).data == {"moment": shown}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "20260131T120000Z",
        "2026-W05-6T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:60Z",
        "0001-01-01T00:00:00+01:00",
        "2026-01-31T12:00:00Z ",
        1769860800,
        True,
    ],
)
def test_what_is_no_moment_is_refused(text: object):
    result = SCHEMA.execute_sync("query($at: DateTime!) { moment(at: $at) }", {"at": text})
    assert result.errors is not None
    assert result.errors[0].message.endswith(
        "A DateTime is an RFC 3339 text with an offset, such as 2026-01-31T12:00:00Z."
    )


def test_a_moment_of_another_zone_is_shown_in_utc():
    tokyo = datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=9)))
    assert SCALARS[datetime].serialize(tokyo) == "2026-01-31T00:00:00.000Z"
    assert SCALARS[datetime].serialize(datetime(2026, 1, 31, tzinfo=UTC)) == "2026-01-31T00:00:00.000Z"


@pytest.mark.parametrize(
    "value", [None, True, 0, -1.5, "", "ü", [], {}, {"a": [1, {"b": None}]}, 2**63, 18446744073709551615]
)
def test_json_goes_through_unchanged(value: object):
    result = SCHEMA.execute_sync("query($of: JSON!) { value(of: $of) }", {"of": value})
    assert (result.data == {"value": value}) is (value is not None)


def test_json_literals_are_values_with_variables_in_them():
    query = 'query($x: JSON, $n: JSON) { value(of: {a: [1, 2.5, "t", true, null, RED], b: $x, c: [$n]}) }'
    result = SCHEMA.execute_sync(query, {"x": {"deep": [1]}, "n": 7})
    assert result.errors is None
    assert result.data == {"value": {"a": [1, 2.5, "t", True, None, "RED"], "b": {"deep": [1]}, "c": [7]}}


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("1e999", "A JSON number must be finite."),
        ("{a: [-1e999]}", "A JSON number must be finite."),
        ("18446744073709551616", "A JSON integer must fit into 64 bits; write it as a text."),
        ("[{a: -9223372036854775809}]", "A JSON integer must fit into 64 bits; write it as a text."),
    ],
)
def test_numbers_that_no_reader_could_hold_are_refused(literal: str, message: str):
    result = SCHEMA.execute_sync(f"{{ value(of: {literal}) }}")
    assert result.errors is not None
    assert message in result.errors[0].message

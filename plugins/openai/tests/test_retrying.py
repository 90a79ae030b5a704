from datetime import UTC, datetime

import pytest

from evalyard_openai import EndpointError
from evalyard_openai._retrying import Retrying, read_retry_after

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"retry-after-ms": "150", "retry-after": "7"}, 0.15),
        # RFC 9110, section 5.6.7: the preferred form of a date.
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "-7"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers, seconds):
    assert read_retry_after(headers, NOW) == seconds


def _error(**given):
    return EndpointError("It failed.", code="HTTP_500", **{"retryable": True, **given})


def test_waits_double_up_to_the_longest():
    retrying = Retrying(max_attempts=10, first_wait_seconds=1, longest_wait_seconds=5)
    for attempts, longest in ((1, 1), (2, 2), (3, 4), (4, 5), (9, 5)):
        assert longest / 2 <= retrying.wait(_error(), attempts) <= longest


@pytest.mark.parametrize(
    ("error", "attempts", "wait"),
    [
        (_error(retry_after_seconds=7), 1, 7),
        (_error(retry_after_seconds=0), 1, 0),
        (_error(retry_after_seconds=61), 1, None),
        (_error(retryable=False), 1, None),
        (_error(retry_after_seconds=7), 4, None),
    ],
)
def test_what_the_endpoint_asks_for_is_kept_to(error, attempts, wait):
    assert Retrying(max_attempts=4).wait(error, attempts) == wait

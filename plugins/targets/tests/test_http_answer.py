from datetime import UTC, datetime

import pytest

from evalyard_targets._http_answer import read_retry_after
from evalyard_targets._redaction import Redactor


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Fri, 21 Nov 2025 10:00:30 GMT", 30.0),
        ("Friday, 21-Nov-25 10:01:00 GMT", 60.0),
        ("Fri, 21 Nov 2025 11:00:30 +0100", 30.0),
        ("Fri, 21 Nov 2025 10:00:30 -0000", 30.0),
        ("Fri, 21 Nov 2025 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert read_retry_after(text, datetime(2025, 11, 21, 10, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("secret", "message", "cleaned"),
    [
        ("s3cret", "key s3cret is wrong", "key *** is wrong"),
        ('a"b/c', r'{"error": "a\"b/c"}', '{"error": "***"}'),
        ("a b/c", "/?key=a%20b%2Fc", "/?key=***"),
        ("s3cret\n", "key s3cret.", "key ***."),
        ("", "unchanged", "unchanged"),
        ("x" * 50, "m" * 390 + "x" * 50, "m" * 390 + "***"),
    ],
)
def test_a_secret_is_taken_out_however_it_is_spelt(secret, message, cleaned):
    assert Redactor([secret]).clean(message) == cleaned


def test_a_long_message_is_cut():
    assert Redactor().clean("m" * 401) == "m" * 400 + " …"

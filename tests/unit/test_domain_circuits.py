"""Which failures open a circuit, and what is told of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.circuits import SYSTEM, Circuit, Streak, is_permanent
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem

ANSWERS = st.lists(st.sampled_from(["HTTP_401", "UNKNOWN_HOST", "HTTP_400", None]), max_size=30)


def streak_of(codes: Sequence[str | None]) -> Streak:
    streak = Streak()
    for code in codes:
        streak = streak.then(None if code is None else Problem(code, f"it was {code}"))
    return streak


@given(ANSWERS)
def test_a_streak_is_the_end_of_a_row(codes: list[str | None]) -> None:
    streak = streak_of(codes)
    last = codes[-1] if codes and codes[-1] in {"HTTP_401", "UNKNOWN_HOST"} else None
    length = next((n for n, code in enumerate(reversed(codes)) if code != last), len(codes)) if last else 0

    assert (streak.code, streak.length) == (last, length)
    assert streak.unbroken == (length == len(codes))


@given(st.lists(ANSWERS, max_size=6))
def test_rows_one_after_the_other_come_to_what_one_row_does(rows: list[list[str | None]]) -> None:
    told: dict[str, int] = {}
    for row in rows:
        told = dict(streak_of(row).on_top_of(told))
    whole = streak_of([code for row in rows for code in row])

    assert told == ({} if whole.code is None else {whole.code: whole.length})


@pytest.mark.parametrize(
    ("problem", "permanent"),
    [
        (Problem("HTTP_401", "Who are you?"), True),
        (Problem("TLS", "That is somebody else."), True),
        (Problem("HTTP_429", "You have no quota left."), True),
        (Problem("HTTP_429", "Not so fast.", retryable=True), False),
        (Problem("HTTP_400", "This prompt is not allowed."), False),
        (Problem("BAD_OUTPUT", "That is no JSON."), False),
        (Problem("EXCEPTION", "KeyError"), False),
    ],
)
def test_only_what_the_next_record_would_meet_as_well_counts(problem: Problem, permanent: bool) -> None:
    assert is_permanent(problem) is permanent


def test_what_is_told_says_why_and_what_to_do() -> None:
    circuit = Circuit(key=SYSTEM, code="HTTP_401", message="Bad key.", failures=20, opened_at=now())

    assert circuit.warning("The system") == (
        "The system was not asked any more after 20 failures in a row (HTTP_401: Bad key.) "
        "Mend that, and retry the errored records."
    )
    assert circuit.problem() == Problem(
        "CIRCUIT_OPEN",
        "The system was not asked: it had failed 20 times in a row with HTTP_401. "
        "Mend that, and retry the errored records.",
        retryable=True,
    )

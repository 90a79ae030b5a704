"""Rate limits and slowing down, whoever asks when."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.rates import (
    AHEAD_MS,
    FORGOTTEN_MS,
    KEPT,
    LATE_MS,
    LEAST_RATE,
    LONGEST_PAUSE_MS,
    PLATEAU_MS,
    Book,
    RateLimit,
    Refused,
    Wanted,
    check_rate_limit,
    reserve,
    slow_down,
)

START = 1_000_000.0
#: What workers do, each: after so many milliseconds, ask for so many calls, and use each moment so late.
ASKED = st.lists(st.tuples(st.floats(0, 5_000), st.integers(1, 20), st.floats(0, LATE_MS)), min_size=1, max_size=25)


def uses(limit: RateLimit, asked: Sequence[tuple[float, int, float]], tokens: float | None = None) -> list[float]:
    """Return when calls are made by workers that use every moment they get, as late as they may."""
    book, now, made = Book(), START, []
    for pause, calls, late in asked:
        now += pause
        book, moments = reserve(limit, book, Wanted(calls=calls, tokens_a_call=tokens), now)
        made += [max(now, now + 1000 * delay + late) for delay in moments.delays]
    return made


@given(ASKED, st.integers(1, 600))
@settings(max_examples=60)
def test_no_minute_holds_more_calls_than_the_limit_says(asked: list[tuple[float, int, float]], limit: int) -> None:
    made = sorted(uses(RateLimit(requests_per_minute=limit), asked))

    for first in range(len(made)):
        within = sum(at < made[first] + 60_000 - 1e-6 for at in made[first:])
        assert within <= limit


@given(ASKED, st.integers(60, 100_000), st.floats(1, 500))
@settings(max_examples=60)
def test_no_minute_holds_more_tokens_than_the_limit_says(
    asked: list[tuple[float, int, float]], limit: int, tokens: float
) -> None:
    made = sorted(uses(RateLimit(tokens_per_minute=limit), asked, tokens))

    for first in range(len(made)):
        within = sum(at < made[first] + 60_000 - 1e-6 for at in made[first:])
        assert (within - 1) * tokens <= limit


@given(st.integers(1, 1_200), st.integers(10, 100))
@settings(max_examples=30)
def test_whoever_keeps_asking_gets_nearly_all_of_the_limit(limit: int, calls: int) -> None:
    """Asking again where the last moments end, for ten minutes, makes up for what asking takes."""
    per_minute = RateLimit(requests_per_minute=limit)
    book, now, made = Book(), START, 0
    while now < START + 600_000 and made < 500:
        book, moments = reserve(per_minute, book, Wanted(calls=calls), now)
        made += moments.calls
        now = max(now, moments.first + moments.calls * moments.interval, now + 1000 * moments.wait_seconds) + 100
    allowed = limit * (now - START) / 61_000
    assert allowed * 0.9 - calls <= made <= allowed + calls + limit / 100


def test_nothing_is_handed_out_that_is_far_away() -> None:
    limit = RateLimit(requests_per_minute=61)
    book, moments = reserve(limit, Book(), Wanted(calls=10), START)
    assert moments.delays == pytest.approx([-0.5, 0.5, 1.5])

    _, none = reserve(limit, book, Wanted(calls=10), START)

    assert (none.calls, none.delays) == (0, [])
    assert none.wait_seconds == pytest.approx(0.5)
    assert none.first - START >= AHEAD_MS


def test_tokens_that_a_call_took_beyond_what_was_expected_hold_up_the_next() -> None:
    limit = RateLimit(tokens_per_minute=6_100)
    book, first = reserve(limit, Book(), Wanted(calls=1), START)
    _, more = reserve(limit, book, Wanted(calls=1, tokens_a_call=50, tokens_beyond=350), START + 4_000)
    _, fewer = reserve(limit, book, Wanted(calls=1, tokens_a_call=50, tokens_beyond=-50), START + 4_000)

    assert first.interval == pytest.approx(61_000 / 60)
    assert more.delays == pytest.approx([(-500 + 61_000 / 60 + 3_500 - 4_000) / 1000])
    assert fewer.delays == [-0.5]


def test_a_system_without_limits_has_no_moments_to_wait_for() -> None:
    _, moments = reserve(RateLimit(), Book(), Wanted(calls=7), START)

    assert moments.delays == [-0.5] * 7
    assert Book().rate(START) is None


# -------------------------------------------------------------------------------------------------- slowing down


def test_a_refusal_stops_calls_for_as_long_as_it_says_and_slows_those_after_it() -> None:
    book = slow_down(Book(), Refused(age_ms=50, rate=20, pause_ms=3_000), START)

    book, early = reserve(RateLimit(), book, Wanted(calls=5), START)
    _, after = reserve(RateLimit(), book, Wanted(calls=3), START + 1_500)

    assert (early.calls, early.wait_seconds) == (0, 1.0)
    assert after.delays == pytest.approx([1.5, 1.5 + 1 / 14, 1.5 + 2 / 14])


@given(st.floats(0, 1e9), st.floats(0.01, 1e5))
def test_no_pause_is_longer_than_five_minutes(pause: float, rate: float) -> None:
    book = slow_down(Book(), Refused(age_ms=0, rate=rate, pause_ms=pause), START)

    assert START + 500 <= book.resumes_at <= START + LONGEST_PAUSE_MS


@given(
    st.lists(st.tuples(st.floats(0, 20_000), st.floats(0, 10_000), st.floats(0, 1_000)), min_size=1, max_size=50),
    st.floats(0, 2_000_000),
)
@settings(max_examples=40)
def test_the_rate_comes_back_by_the_clock_alone(refusals: list[tuple[float, float, float]], pause: float) -> None:
    """Whatever burst of refusals there was, nothing is left of it half a minute after the last pause."""
    book, now = Book(), START
    for after, age, rate in refusals:
        now += after
        book = slow_down(book, Refused(age_ms=age, rate=rate, pause_ms=pause), now)

    rates = [book.rate(book.resumes_at + seconds * 1000) for seconds in range(30)]

    assert all(low is not None and high is not None and low <= high for low, high in pairwise(rates))
    assert rates[0] is not None
    assert rates[0] >= LEAST_RATE * KEPT - 1e-9
    assert book.rate(book.resumes_at + FORGOTTEN_MS + 1) is None
    assert book.resumes_at <= now + LONGEST_PAUSE_MS


def test_refusals_of_calls_that_were_under_way_slow_down_once() -> None:
    book = slow_down(Book(), Refused(age_ms=100, rate=100), START)
    for late in range(1, 16):
        book = slow_down(book, Refused(age_ms=100 + late, rate=100), START + late)
    assert book.ceiling == 100
    assert book.rate(START) == pytest.approx(70)

    again = slow_down(book, Refused(age_ms=100, rate=3), START + 515 + PLATEAU_MS)

    assert again.ceiling == pytest.approx(100, rel=1e-3)


def test_a_system_that_takes_so_many_calls_gets_nearly_all_of_them() -> None:
    """A simulated server that refuses what is above 10 calls a second is called nearly so often."""
    book, now, taken, refused = slow_down(Book(), Refused(age_ms=0, rate=40), START), START, 0, 0
    window: list[float] = []
    while now < START + 300_000:
        book, moments = reserve(RateLimit(), book, Wanted(calls=4), now)
        for delay in moments.delays:
            at = max(now, now + 1000 * delay)
            window = [*(earlier for earlier in window if earlier > at - 1000), at]
            if len(window) <= 10:
                taken += 1
            else:
                refused += 1
                window.pop()
                book = slow_down(book, Refused(age_ms=0, rate=40), at)
        now = max(now + 20, moments.first + moments.calls * moments.interval - 100)
    assert 7.5 * 300 <= taken <= 10 * 300
    assert refused < taken * 0.06


@pytest.mark.parametrize(
    ("limit", "field", "said"),
    [
        (RateLimit(), "input.rateLimit", "needs requestsPerMinute, tokensPerMinute, or both"),
        (RateLimit(requests_per_minute=0), "input.rateLimit.requestsPerMinute", "must be 1 to 1,000,000, not 0"),
        (RateLimit(tokens_per_minute=-1), "input.rateLimit.tokensPerMinute", "must be 1 to 1,000,000,000, not -1"),
    ],
)
def test_limits_that_ask_for_nothing_are_refused(limit: RateLimit, field: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        check_rate_limit(limit, field="input.rateLimit")
    assert refused.value.field == field

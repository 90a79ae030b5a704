"""When schedules come, above all where clocks are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.cron import Cron, read_cron
from evalyard_core.domain.errors import BadInput
from tests.fixtures.core import QUICK

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    """Return a moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first(cron: Cron, after: str, count: int) -> list[str]:
    """Return the first ticks after a moment, in UTC without the year and the seconds."""
    return [f"{tick:%m-%d %H:%M}" for tick in islice(cron.ticks(at(after)), count)]


@pytest.mark.parametrize(
    ("expression", "ticks"),
    [
        ("*/20 * * * *", ["11-22 10:00", "11-22 10:20", "11-22 10:40"]),
        ("30 2 * * *", ["11-23 02:30", "11-24 02:30", "11-25 02:30"]),
        ("0 9 * * 1-5", ["11-23 09:00", "11-24 09:00", "11-25 09:00"]),
        ("0 9 * * SUN", ["11-29 09:00", "12-06 09:00", "12-13 09:00"]),
        ("0 0 1,15 * *", ["12-01 00:00", "12-15 00:00", "01-01 00:00"]),
        # crontab(5): where day of month and day of week are both restricted, either is enough.
        ("0 0 1 * 1", ["11-23 00:00", "11-30 00:00", "12-01 00:00"]),
    ],
)
def test_ticks_come_as_crontab_has_them(expression: str, ticks: list[str]):
    assert first(Cron(expression, "UTC"), "2026-11-22T09:59:30", 3) == ticks


def test_a_tick_is_never_the_moment_itself():
    cron = Cron("30 2 * * *", "UTC")
    assert cron.after(at("2026-11-22T02:30")) == at("2026-11-23T02:30")
    assert cron.after(at("2026-11-22T02:29:59.999")) == at("2026-11-22T02:30")


#: In Berlin the clocks go from 02:00 to 03:00 on 29 March 2026 at 01:00 UTC, and from 03:00 back to 02:00 on 25 October
#: 2026 at 01:00 UTC.
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("expression", "ticks"),
    [
        ("30 2 * * *", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("0,15,30,45 2 * * *", ["03-28 01:30", "03-28 01:45", "03-29 01:00", "03-30 00:00"]),
        ("0 2,3 * * *", ["03-28 02:00", "03-29 01:00", "03-30 00:00"]),
        ("30 * * * *", ["03-28 01:30", "03-28 02:30"]),
        ("*/30 2 * * *", ["03-28 01:30", "03-30 00:00", "03-30 00:30"]),
    ],
)
def test_a_time_that_the_day_lacks_comes_right_after_the_gap_unless_the_clock_on_the_wall_counts(
    expression: str, ticks: list[str]
):
    assert first(Cron(expression, BERLIN), "2026-03-28T01:15", len(ticks)) == ticks


@pytest.mark.parametrize(
    ("expression", "ticks"),
    [
        ("30 2 * * *", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("0 2,3 * * *", ["10-24 01:00", "10-25 00:00", "10-25 02:00", "10-26 01:00"]),
        ("*/30 2 * * *", ["10-24 00:30", "10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-26 01:00"]),
    ],
)
def test_a_time_that_the_day_has_twice_comes_once_unless_the_clock_on_the_wall_counts(
    expression: str, ticks: list[str]
):
    assert first(Cron(expression, BERLIN), "2026-10-24T00:15", len(ticks)) == ticks


def test_an_hours_second_passage_is_not_taken_for_its_first():
    # 01:10 UTC is 02:10 in the second passage; 02:50 has come, at 00:50 UTC.
    assert first(Cron("50 2 * * *", BERLIN), "2026-10-25T01:10", 2) == ["10-26 01:50", "10-27 01:50"]


def test_each_hour_of_the_year_has_its_tick():
    year = at("2026-01-01T00:00")
    ticks = list(Cron("17 * * * *", BERLIN).latest(year, year + timedelta(days=365), 10**6))
    assert [tick - year for tick in ticks] == [timedelta(minutes=17, hours=hour) for hour in range(365 * 24)]


EXPRESSIONS = ["30 2 * * *", "*/30 2 * * *", "15,45 1-3 * * *", "5 * * * *", "0 0 * * *", "*/7 */5 1-7 * MON"]
ZONES = ["UTC", BERLIN, "America/New_York", "Australia/Sydney", "Africa/Cairo", "Asia/Kathmandu"]


@given(
    expression=st.sampled_from(EXPRESSIONS),
    zone=st.sampled_from(ZONES),
    minute=st.integers(0, 5 * 365 * 24 * 60),
    share=st.floats(0, 0.999),
)
@QUICK
def test_ticks_are_the_same_wherever_one_begins_to_look(expression: str, zone: str, minute: int, share: float):
    start = at("2025-01-01T00:00") + timedelta(minutes=minute)
    cron = Cron(expression, zone)
    ticks = list(islice(cron.ticks(start), 6))
    assert ticks == sorted(set(ticks))
    assert all(tick > start and tick.tzinfo is UTC and tick.second == 0 for tick in ticks)
    for before, behind in pairwise(ticks):
        assert cron.after(before + share * (behind - before)) == behind
    assert cron.latest(start, ticks[-1], 10) == ticks
    assert cron.latest(start, ticks[-1], 2) == ticks[-2:]


def test_the_latest_ticks_of_a_year_are_found_without_going_through_it():
    cron = Cron("* * * * *", "UTC")
    assert [f"{tick:%d %H:%M}" for tick in cron.latest(at("2020-01-01T00:00"), NOW, 3)] == [
        "01 11:58",
        "01 11:59",
        "01 12:00",
    ]


REFUSED: list[tuple[str, str, str, str]] = [
    ("* * * *", "UTC", "input.cron", "five fields (minute, hour, day of month, month, day of week), not 4."),
    ("0 * * * * *", "UTC", "input.cron", "five fields (minute, hour, day of month, month, day of week), not 6."),
    ("@daily", "UTC", "input.cron", "not 1."),
    ("", "UTC", "input.cron", "not 0."),
    ("60 * * * *", "UTC", "input.cron", "The minute of '60 * * * *' can't be read; write *, a number, "),
    ("0 0 * * MOON", "UTC", "input.cron", "The day-of-week of '0 0 * * MOON' can't be read; "),
    ("0 0 31 2 *", "UTC", "input.cron", "The day-of-month of '0 0 31 2 *' can't be read; "),
    ("0 0 */31 2 */8", "UTC", "input.cron", "comes at no time of the next five years; "),
    ("0 0 29 2 */7", "UTC", "input.cron", "comes at no time of the next five years; "),
    ("* " * 150, "UTC", "input.cron", "may have 200 characters at most, not 300."),
    (
        "0 0 * * *",
        "Europe/Berlim",
        "input.timeZone",
        "no time zone 'Europe/Berlim'; the nearest name is Europe/Berlin.",
    ),
    ("0 0 * * *", "europe/berlin", "input.timeZone", "the nearest name is Europe/Berlin."),
    ("0 0 * * *", "../etc/passwd", "input.timeZone", "write an IANA name such as Europe/Berlin."),
    ("0 0 * * *", "localtime", "input.timeZone", "There is no time zone 'localtime'; "),
    ("0 0 * * *", "", "input.timeZone", "There is no time zone ''; write an IANA name"),
]


@pytest.mark.parametrize(("expression", "zone", "field", "says"), REFUSED, ids=[repr(row[:2]) for row in REFUSED])
def test_what_is_no_time_is_refused(expression: str, zone: str, field: str, says: str):
    with pytest.raises(BadInput) as refused:
        read_cron(expression, zone, now=NOW)
    assert refused.value.field == field
    assert says in refused.value.message
    assert refused.value.message.endswith(".")


def test_white_space_does_not_matter():
    assert read_cron("  0\t0 1  * * ", BERLIN, now=NOW) == Cron("0 0 1 * *", BERLIN)


@given(st.lists(st.text("0123456789*/-,#L@WMONabc ²", max_size=6), min_size=5, max_size=5))
@QUICK
def test_whatever_is_sent_is_read_or_refused(fields: list[str]):
    try:
        cron: Any = read_cron(" ".join(fields), "UTC", now=NOW)
    except BadInput:
        return
    assert cron.after(NOW) > NOW

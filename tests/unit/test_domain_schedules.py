"""What a schedule wants at a moment, and what its runs are called."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.schedules import (
    DEFAULT_NAME,
    Due,
    MissedTicks,
    RunTemplate,
    Schedule,
    check_pattern,
    due,
    run_name,
)
from tests.fixtures.core import a_schedule


def at(text: str) -> datetime:
    """Return a moment of a day in UTC."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def hourly(missed_ticks: MissedTicks = MissedTicks.RUN_LATEST, **changes: Any) -> Schedule:
    """Return a schedule of every full hour that waits for ten o'clock on the 22nd."""
    plain = {"cron": "0 * * * *", "next_at": at("22T10:00"), "missed_ticks": missed_ticks}
    return a_schedule("p", **{**plain, **changes})


@pytest.mark.parametrize("missed_ticks", MissedTicks)
def test_a_schedule_waits_for_its_tick_and_wants_it_at_once(missed_ticks: MissedTicks):
    schedule = hourly(missed_ticks)
    assert due(schedule, at("22T09:59:59.999")) is None
    assert due(schedule, at("22T10:00")) == Due(tick=at("22T10:00"), next_at=at("22T11:00"))
    assert due(schedule, at("22T10:01")) == Due(tick=at("22T10:00"), next_at=at("22T11:00"))


def test_a_paused_schedule_wants_nothing():
    assert due(hourly(next_at=None), at("22T10:00")) is None


def test_the_latest_of_the_missed_ticks_is_run_once():
    assert due(hourly(), at("22T13:20")) == Due(tick=at("22T13:00"), next_at=at("22T14:00"))


def test_missed_ticks_are_skipped():
    wanted = due(hourly(MissedTicks.SKIP), at("22T13:20"))
    assert wanted is not None
    assert (wanted.tick, wanted.next_at) == (at("22T13:00"), at("22T14:00"))
    assert wanted.left_out == "No worker was there within a minute of the tick, and this schedule skips missed ticks."
    assert due(hourly(MissedTicks.SKIP), at("22T13:00:30")) == Due(tick=at("22T13:00"), next_at=at("22T14:00"))


def caught_up(schedule: Schedule, moment: datetime) -> list[datetime]:
    """Return the ticks that a schedule wants one after another."""
    ticks = []
    while (wanted := due(schedule, moment)) is not None:
        ticks.append(wanted.tick)
        schedule = a_schedule("p", cron=schedule.cron, missed_ticks=schedule.missed_ticks, next_at=wanted.next_at)
    return ticks


def test_all_missed_ticks_are_run_oldest_first():
    hours = [at("22T10:00") + timedelta(hours=hour) for hour in range(4)]
    assert caught_up(hourly(MissedTicks.RUN_ALL), at("22T13:20")) == hours


def test_no_more_than_the_newest_ten_are_caught_up():
    newest = [at("24T03:00") + timedelta(hours=hour) for hour in range(10)]
    assert caught_up(hourly(MissedTicks.RUN_ALL), at("24T12:20")) == newest


def test_a_tick_that_new_rules_of_a_time_zone_have_moved_is_due_all_the_same():
    schedule = hourly(next_at=at("22T10:15"))
    assert due(schedule, at("22T10:16")) == Due(tick=at("22T10:15"), next_at=at("22T11:00"))


def test_a_tick_is_not_waited_for_twice_where_a_clock_is_behind():
    schedule = hourly(last_tick_at=at("22T10:00"))
    assert schedule.next_after(at("22T09:59:58")) == at("22T11:00")
    assert schedule.next_after(at("22T11:30")) == at("22T12:00")
    assert hourly().next_after(at("22T09:59:58")) == at("22T10:00")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (DEFAULT_NAME, "Nightly 2026-11-23 00:30"),
        ("{date}: {schedule}", "2026-11-23: Nightly"),
        ("regression", "regression"),
        ("x" * 199 + "{time}", "x" * 199 + "0"),
    ],
)
def test_a_run_is_called_by_the_pattern_in_the_schedules_time_zone(pattern: str, name: str):
    schedule = a_schedule("p", name="Nightly", time_zone="Europe/Berlin", template=RunTemplate(name=pattern))
    assert run_name(schedule, at("22T23:30")) == name


@pytest.mark.parametrize("pattern", ["{number}", "{}", "{date} {when}", " ", "x" * 201])
def test_a_pattern_with_an_unknown_placeholder_is_refused(pattern: str):
    with pytest.raises(BadInput) as refused:
        check_pattern(pattern, field="input.run.name")
    assert refused.value.field == "input.run.name"


def test_a_schedules_name_is_no_pattern():
    schedule = a_schedule("p", name="{date}", template=RunTemplate(name="{schedule} {date}"))
    assert run_name(schedule, at("22T10:00")) == "{date} 2026-11-22"

"""Schedules: runs that start by themselves, at the times of a cron expression."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from .cron import Cron
from .errors import BadInput
from .limits import check_name
from .payload import Json
from .runs import RunSettings

#: How late a tick may be started and still count as started at its time: a worker is being replaced, say.
ON_TIME: Final = timedelta(minutes=1)
#: How many missed ticks are caught up at most.
MOST_CAUGHT_UP: Final = 10

DEFAULT_NAME: Final = "{schedule} {date} {time}"
_PLACEHOLDERS: Final = frozenset({"schedule", "date", "time"})
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


class MissedTicks(StrEnum):
    """What becomes of ticks at which no worker was there, once one is there again."""

    SKIP = "SKIP"  #: nothing is caught up; a tick is started within a minute or not at all
    RUN_LATEST = "RUN_LATEST"  #: the newest one is started, once
    RUN_ALL = "RUN_ALL"  #: the newest ten are started, oldest first


class OverlapPolicy(StrEnum):
    """What becomes of a tick while the run of the one before still goes on."""

    ALLOW = "ALLOW"  #: it is started, beside that run
    SKIP = "SKIP"  #: it is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTemplate:
    """What a run is started with, time and again.

    Either a system version is named, or a system, whose production version of that time is called. Without a dataset
    version it is the newest of that time, without evaluators those that are attached to the dataset then.
    """

    dataset_id: str | None = None
    dataset_version: int | None = None
    system_version_id: str | None = None
    system_id: str | None = None
    evaluator_ids: tuple[str, ...] | None = None
    name: str = DEFAULT_NAME
    notes: str = ""
    tags: tuple[str, ...] = ()
    metadata: Json = None
    settings: RunSettings = field(default_factory=RunSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartError:
    """Why the tick `at` started no run: what a refusal says, or the code SKIPPED and which rule of the schedule's."""

    at: datetime
    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A template that is started at the times of a cron expression.

    `next_at` is the first tick that nobody has dealt with, None while it is paused. `tried_since` is when that tick
    was refused first, for what may pass by itself. `revision` grows with each change.
    """

    id: str
    project_id: str
    name: str
    cron: str
    time_zone: str
    missed_ticks: MissedTicks
    overlap: OverlapPolicy
    template: RunTemplate
    created_at: datetime
    updated_at: datetime
    paused: bool = False
    next_at: datetime | None = None
    last_tick_at: datetime | None = None
    last_run_id: str | None = None
    last_error: StartError | None = None
    tried_since: datetime | None = None
    revision: int = 0

    @property
    def when(self) -> Cron:
        """Its times."""
        return Cron(self.cron, self.time_zone)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return its first tick after a moment that was not dealt with before, whatever the clocks of others say."""
        return self.when.after(max(moment, self.last_tick_at or moment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The tick that a schedule is to deal with, the one that it then waits for, and why it starts no run, if so."""

    tick: datetime
    next_at: datetime | None
    left_out: str | None = None


def due(schedule: Schedule, moment: datetime) -> Due | None:
    """Return what a schedule wants at a moment, None where it waits."""
    if schedule.next_at is None or schedule.next_at > moment:
        return None
    # A new release of the time zones may have moved the tick that was waited for: it is due all the same.
    before = schedule.next_at - timedelta(milliseconds=1)
    missed = schedule.when.latest(before, moment, MOST_CAUGHT_UP) or [schedule.next_at]
    if schedule.missed_ticks is MissedTicks.RUN_ALL:
        return Due(tick=missed[0], next_at=schedule.when.after(missed[0]))
    late = schedule.missed_ticks is MissedTicks.SKIP and moment - missed[-1] > ON_TIME
    reason = "No worker was there within a minute of the tick, and this schedule skips missed ticks." if late else None
    return Due(tick=missed[-1], next_at=schedule.when.after(moment), left_out=reason)


def check_pattern(pattern: str, *, field: str) -> str:
    """Return the pattern of the runs' names, or refuse one with an unknown placeholder."""
    for name in _PLACEHOLDER.findall(pattern):
        if name not in _PLACEHOLDERS:
            raise BadInput(
                f"There is no placeholder {{{name}}}; there are {{schedule}}, {{date}} and {{time}}.", field=field
            )
    return check_name(pattern, field=field)


def run_name(schedule: Schedule, tick: datetime) -> str:
    """Return the name of a tick's run, with date and time as the schedule's time zone has them."""
    local = tick.astimezone(ZoneInfo(schedule.time_zone))
    values = {"schedule": schedule.name, "date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}
    return _PLACEHOLDER.sub(lambda found: values[found[1]], schedule.template.name)[:200].strip()

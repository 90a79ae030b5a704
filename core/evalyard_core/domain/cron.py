"""When a schedule comes: a cron expression in a time zone.

Five fields as Debian's cron reads them (crontab(5)), worked out by cronsim. Where clocks are put forward or back, what
counts is whether minute or hour begin with a star:

- neither does (`30 2 * * *`): a time that the day lacks comes at the first moment after the gap, once, and a time that
  the day has twice comes the first time only: such a schedule comes once on every day that it names;
- one does (`*/30 * * * *`): it comes by the clock on the wall, so that times which a day lacks are left out, and times
  which it has twice come twice.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from .errors import BadInput

_LONGEST: Final = 200
_FIELDS: Final = 5
#: A time that only leap years have comes within it.
_HORIZON: Final = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression and the IANA name of the time zone in which it is read; `read_cron` makes good ones only.

    One that was good is refused by its methods where a release of the time zones does not have its own any more.
    """

    expression: str
    time_zone: str

    def ticks(self, after: datetime) -> Iterator[datetime]:
        """Yield the times after a moment, in UTC; the same ones whatever the moment."""
        last = after
        for tick in self._simulated(after.astimezone(_zone(self.time_zone))):
            moment = tick.astimezone(UTC)
            # Reading the clock on the wall, cronsim takes an hour's second passage for its first.
            if moment > last:
                last = moment
                yield moment

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment; None where none comes in fifty years."""
        return next(self.ticks(moment), None)

    def latest(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """Return the newest times behind `after` up to and with `until`, `most` at most, oldest first."""
        span = timedelta(hours=1)
        while True:
            begin = max(after, until - span)
            found = list(takewhile(lambda tick: tick <= until, self.ticks(begin)))
            if len(found) >= most or begin == after:
                return found[-most:]
            span *= 4

    def _simulated(self, begin: datetime) -> CronSim:
        try:
            return CronSim(self.expression, begin)
        except CronSimError as error:
            raise BadInput(
                f"The {str(error).removeprefix('Bad ')} of {self.expression!r} can't be read; write *, a number, a "
                "range 1-5, a list 1,15 or a step */10.",
                field="input.cron",
            ) from error


def read_cron(expression: str, time_zone: str, *, now: datetime) -> Cron:
    """Return a cron expression in a time zone, or refuse one that says nothing, or nothing of the next five years."""
    cron = Cron(_readable(expression), time_zone)
    first = cron.after(now)
    if first is None or first - now > _HORIZON:
        raise BadInput(
            f"{cron.expression!r} comes at no time of the next five years; name days that there are.",
            field="input.cron",
        )
    return cron


def _readable(expression: str) -> str:
    if len(expression) > _LONGEST:
        raise BadInput(
            f"A cron expression may have {_LONGEST} characters at most, not {len(expression)}.", field="input.cron"
        )
    fields = expression.split()
    if len(fields) != _FIELDS:
        raise BadInput(
            f"A cron expression has five fields (minute, hour, day of month, month, day of week), not {len(fields)}.",
            field="input.cron",
        )
    return " ".join(fields)


def _zone(time_zone: str) -> ZoneInfo:
    zones = _time_zones()
    if time_zone not in zones:
        near = difflib.get_close_matches(time_zone[:_LONGEST], zones, n=1)
        remedy = f"the nearest name is {near[0]}." if near else "write an IANA name such as Europe/Berlin."
        raise BadInput(f"There is no time zone {time_zone[:_LONGEST]!r}; {remedy}", field="input.timeZone")
    return ZoneInfo(time_zone)


@cache
def _time_zones() -> frozenset[str]:
    """Return the names that mean the same on every machine."""
    return frozenset(available_timezones() - {"localtime", "Factory"})

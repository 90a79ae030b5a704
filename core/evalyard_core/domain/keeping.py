"""How long what a project has is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .limits import check_range

_MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days after which traces and runs are removed; None is never.

    A trace's are counted from when its last span came in, a run's from its end.
    """

    trace_days: int | None = None
    run_days: int | None = None

    def check(self, *, field: str) -> "Retention":
        """Return it, or refuse days that no calendar has."""
        for name, days in (("traceDays", self.trace_days), ("runDays", self.run_days)):
            if days is not None:
                check_range(days, 1, _MOST_DAYS, field=f"{field}.{name}")
        return self

    def traces_before(self, moment: datetime) -> datetime | None:
        """Return the time from which on traces are kept, as of `moment`."""
        return None if self.trace_days is None else moment - timedelta(days=self.trace_days)

    def runs_before(self, moment: datetime) -> datetime | None:
        """Return the time from which on ended runs are kept, as of `moment`."""
        return None if self.run_days is None else moment - timedelta(days=self.run_days)

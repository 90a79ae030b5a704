"""Following a run over the subscription, across broken connections."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from ._session import Session
from .operations import runs

ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
_MOST_FAILURES: Final = 8
_LONGEST_PAUSE_SECONDS: Final = 5.0


def follow(session: Session, run_id: str, show: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Show each state of a run until it has ended, and return the run then.

    A connection that breaks is made anew and goes on after the last revision that was seen; raises Unreachable when
    that fails eight times in a row.
    """
    from evalyard.client import Unreachable  # noqa: PLC0415 - see `_session`

    after: int | None = None
    failures = 0
    while True:
        try:
            for event in session.client.subscribe(runs.WATCH, id=run_id, after=after):
                after, failures = event["runProgress"]["progress"]["revision"], 0
                show(event["runProgress"])
            run: dict[str, Any] = session.ask(runs.SHOW, id=run_id)
            if run["status"] in ENDED:
                return run
            failures += 1
        except Unreachable:
            failures += 1
            if failures == _MOST_FAILURES:
                raise
        time.sleep(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2**failures))

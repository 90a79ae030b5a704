"""Work with an end: what is called may hang in a way that nothing in this process can interrupt."""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from ._exits import ExitCode, leave

T = TypeVar("T")


def within(seconds: float | None, work: Callable[[], T], on_time_out: Callable[[], str]) -> T:
    """Return what `work` returns, raising what it raises.

    When it takes longer, the process says what `on_time_out` returns and exits with 3, whatever its threads are at.
    """
    if seconds is None:
        return work()
    came: list[T] = []
    raised: list[BaseException] = []

    def carry_out() -> None:
        try:
            came.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            raised.append(error)

    thread = threading.Thread(target=carry_out, name="evalyard work", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _end(on_time_out())
    if raised:
        raise raised[0]
    return came[0]


def _end(sentence: str) -> NoReturn:
    """Exit without waiting for threads, which the interpreter would."""
    code: Any = leave(ExitCode.NOT_JUDGED, sentence).exit_code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

"""Telling what somebody's code raised."""

import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

_OURS: Final = str(Path(__file__).parent)
_LONGEST_TEXT: Final = 2_000
_THREADS: Final = "concurrent/futures/thread.py"


def last_lines(error: BaseException, most: int = _LONGEST_TEXT) -> str:
    """Return the end of a traceback, as far as it fits: what was raised, and the lines of the user that led to it."""
    first = error.__traceback__
    while first is not None and first.tb_next is not None and _is_ours(first):
        first = first.tb_next
    text = "".join(traceback.format_exception(type(error), error, first)).rstrip()
    return text if len(text) <= most else "…" + text[1 - most :]


def _is_ours(frame: TracebackType) -> bool:
    file = frame.tb_frame.f_code.co_filename
    return file.startswith(_OURS) or file.endswith(_THREADS)

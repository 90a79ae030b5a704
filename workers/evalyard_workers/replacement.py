"""Replacing worker processes that have imported a version of a plugin that is not installed any more.

What Python has imported can't be exchanged soundly, so Dramatiq's main process is asked by SIGHUP to let its processes
finish their turns and to begin anew, under the same process id.
"""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)


class Replacement:
    """Asks once for all the processes of one main process."""

    def __init__(self, main_process: int | None = None) -> None:
        """`main_process` is by default the one that started this process."""
        parent = multiprocessing.parent_process()
        self._main_process = main_process or (parent.pid if parent is not None else None)
        # A second SIGHUP would cut short what the first one lets come to its end.
        self._mark = Path(tempfile.gettempdir()) / f"evalyard-{os.getuid()}-{self._main_process}-replacing"

    def begun(self) -> None:
        """Say that this process is a new one."""
        with contextlib.suppress(OSError):
            self._mark.unlink(missing_ok=True)

    def ask(self, distributions: frozenset[str]) -> bool:
        """Have the processes replaced; tell whether this call did it."""
        names = ", ".join(sorted(distributions))
        # The main process starts again as `python`, which its environment's folder has to hold.
        if self._main_process is None or shutil.which("python", path=str(Path(sys.executable).parent)) is None:
            _log.warning("plugins were upgraded: restart this worker", distributions=names)
            return False
        try:
            self._mark.touch(exist_ok=False)
        except OSError:
            return False
        _log.info("plugins were upgraded: this worker's processes finish their turns and are replaced", which=names)
        os.kill(self._main_process, signal.SIGHUP)
        return True

"""Worker processes: Dramatiq's own command line over our broker."""

import asyncio
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Final

from evalyard_core.settings import Settings
from evalyard_server.backends import check_backends
from evalyard_server.embedded.process import die_with, raise_open_files_limit

# Less than the 30 seconds that container engines wait: what is not done by then is left to its lease.
SHUTDOWN_MILLISECONDS: Final = 20_000


def work(settings: Settings, *, processes: int | None = None) -> None:
    """Become Dramatiq's main process, with `processes` of its own, by default one a core; never return.

    The process id stays: SIGTERM belongs to it alone, since it passes the signal on. Raise StartError when the
    database or the broker can't be used.
    """
    raise_open_files_limit()
    asyncio.run(check_backends(settings))
    os.environ["EVALYARD_WORKER_THREADS"] = str(settings.worker_threads)
    _prepare_replacement()
    for name, value in _dramatiq_environment(settings).items():
        os.environ.setdefault(name, value)
    command = _command(settings, processes or os.cpu_count() or 1)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def create_broker() -> None:
    """Set up the broker in one of Dramatiq's processes, which ends when its main process is killed."""
    # Asked of multiprocessing, since the main process may be gone by now.
    if main_process := multiprocessing.parent_process():
        die_with(main_process.pid or 0)
    from evalyard_workers.main import create_broker as create  # noqa: PLC0415 - only a worker pays for it

    create()


def _prepare_replacement() -> None:
    """Let Dramatiq find this very Python when SIGHUP has it begin anew, as `python` and without -P."""
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PATH"))))
    os.environ["PYTHONSAFEPATH"] = "1"


def _command(settings: Settings, processes: int) -> list[str]:
    return [
        *(sys.executable, "-P", "-m", "dramatiq", f"{__name__}:{create_broker.__name__}"),
        *("--processes", str(processes)),
        *("--threads", str(settings.worker_threads)),
        *("--worker-shutdown-timeout", str(SHUTDOWN_MILLISECONDS)),
        # The broker's module configures logging, in the form that the settings say.
        "--skip-logging",
        # Python targets may live in the current folder, evaluators may not.
        *(["--path", "."] if settings.python_targets else ["--path"]),
    ]


def _dramatiq_environment(settings: Settings) -> dict[str, str]:
    """Return what Dramatiq reads from the environment when it is imported."""
    return {
        # An idle worker looks for messages twenty times a second.
        "dramatiq_worker_timeout": "50",
        # Fetch no more than the threads can do: what one process hoards, another can't begin.
        "dramatiq_queue_prefetch": str(settings.worker_threads),
    }

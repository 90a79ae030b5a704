"""What a process that runs a plugin may use, and when it has to end."""

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_NICENESS: Final = 5


def die_with(parent: int) -> None:
    """Have the kernel kill this process once `parent`, which started it, is gone; Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended before the call above: then no signal will ever come.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def limit_memory(most_bytes: int) -> None:
    """Let this process have so many bytes of address space, 0 for any number, and leave no core file behind."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if most_bytes:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def give_way() -> None:
    """Let the worker go before this process: for the processor, and on Linux where memory gets short."""
    if sys.platform == "win32":
        return
    os.nice(_NICENESS)
    # Of 1000 the kernel ends first when a machine, or a container, has no memory left (proc(5), oom_score_adj).
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")

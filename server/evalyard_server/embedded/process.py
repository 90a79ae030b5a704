"""One child process in a session of its own: Ctrl-C in a terminal never reaches it, and it dies with its parent."""

import asyncio
import contextlib
import ctypes
import functools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, Final, Self

from evalyard_server.start_error import StartError

_PR_SET_PDEATHSIG: Final = 1
# Looked up before any fork: between fork and exec a child should do as little as it can.
_PRCTL: Final = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_STDERR: Final = 2
_OPEN_FILES: Final = 65_536


class Stage(IntEnum):
    """What a child is for. Children stop from the highest stage to the lowest."""

    DATABASE = 1
    BROKER = 2
    WORKER = 3
    API = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """How to run one child.

    `settle` is awaited after every start and returns once the child does its work; it may wait for ever, since the
    child's end and `start_seconds` interrupt it. `explain` makes a sentence with a remedy of an exit code and of the
    end of the log. Without a `log` the output goes to this process's stderr.
    """

    name: str
    stage: Stage
    command: Sequence[str]
    settle: Callable[[], Awaitable[None]]
    explain: Callable[[int, str], str]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    pass_fds: Sequence[int] = ()
    start_seconds: float = 60.0
    grace_seconds: float = 20.0


class Child:
    """A started process. Whoever starts it stops it; its end is awaited once at least."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process) -> None:
        self.spec = spec
        self._process = process

    @classmethod
    async def start(cls, spec: ChildSpec) -> Self:
        """Start `spec`'s command. Raise StartError when the system can't execute it.

        Call this from a thread that lives as long as the children should: Linux ends them with their parent thread.
        """
        with _output(spec.log) as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *spec.command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, **spec.environment},
                    pass_fds=tuple(spec.pass_fds),
                    start_new_session=True,
                    preexec_fn=functools.partial(die_with, os.getpid()),
                )
            except OSError as error:
                raise StartError(f"{spec.command[0]} can't be run ({error.strerror}): install it anew.") from error
        return cls(spec, process)

    @property
    def pid(self) -> int:
        """The process id, also that of its session and its group."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for the end; return the exit code, or minus the signal's number."""
        return await self._process.wait()

    async def settle(self) -> None:
        """Wait until the child does its work. Raise StartError when it ends before, or takes too long."""
        settled: asyncio.Future[None] = asyncio.ensure_future(self.spec.settle())
        ended: asyncio.Future[int] = asyncio.ensure_future(self.wait())
        try:
            either: set[asyncio.Future[Any]] = {settled, ended}
            await asyncio.wait(either, timeout=self.spec.start_seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise StartError(self.spec.explain(ended.result(), self.log_end()))
            if settled.done():
                settled.result()
            else:
                raise StartError(f"{self.spec.name} did not answer within {self.spec.start_seconds:.0f} seconds.")
        finally:
            await _cancel(settled)
            await _cancel(ended)

    async def stop(self, hurry: asyncio.Event) -> int:
        """Ask the child to end, kill it when its grace is over, or a second after `hurry`; return its exit code.

        The signal goes to the child alone, never to its group: a worker passes it on to its own processes.
        """
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        ended = asyncio.ensure_future(self.wait())
        await _patiently(ended, self.spec.grace_seconds, hurry)
        self.kill()
        return await ended

    def kill(self) -> None:
        """End the child and whatever it left in its session, at once. May be called after its end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def log_end(self) -> str:
        """Return the last few thousand characters of the log, or nothing when it has none."""
        if self.spec.log is None or not self.spec.log.exists():
            return ""
        return self.spec.log.read_text(errors="replace")[-4000:]


async def _cancel(work: asyncio.Future[Any]) -> None:
    """Cancel `work` until it has ended: a driver that is just connecting may take a cancellation for a lost server."""
    while not work.done():
        work.cancel()
        await asyncio.wait({work}, timeout=0.5)
    await asyncio.gather(work, return_exceptions=True)


async def _patiently(ended: asyncio.Future[int], seconds: float, hurry: asyncio.Event) -> None:
    """Wait for `ended`, but no longer than `seconds`, nor than a second after `hurry` is set."""
    hurried = asyncio.ensure_future(hurry.wait())
    either: set[asyncio.Future[Any]] = {ended, hurried}
    await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if hurried.done():
        await asyncio.wait({ended}, timeout=1.0)
    hurried.cancel()


def _output(log: Path | None) -> contextlib.AbstractContextManager[IO[bytes] | int]:
    return contextlib.nullcontext(_STDERR) if log is None else log.open("ab")


def die_with(parent: int) -> None:
    """Have the kernel kill the calling process once `parent`, which started it, is gone.

    Linux only: elsewhere this does nothing, and a killed parent leaves its children behind.
    """
    if _PRCTL is None:
        return
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended between the fork and the call above: then no signal will ever come.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def raise_open_files_limit() -> None:
    """Allow this process and its children as many open files as the system grants: a subscriber holds one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

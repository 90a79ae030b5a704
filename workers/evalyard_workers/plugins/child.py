"""One process that runs a plugin: started, talked to, and killed when it hangs or ends by itself."""

import asyncio
import contextlib
import contextvars
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import structlog

from evalyard.isolation import PROTOCOL, BadMessage, Unpacker, pack

_log = structlog.get_logger("plugin")

_PIECE: Final = 256 * 1024
_START_SECONDS: Final = 60.0
_TAKE_SECONDS: Final = 30.0
_END_SECONDS: Final = 20.0
_LINES_A_SECOND: Final = 20
_LONGEST_LINE: Final = 1_000
_SECRETS: Final = "EVALYARD_SECRET_"
#: Libraries that compute start a thread a core, each with tens of megabytes of address space; several processes are
#: beside each other anyway. What the worker's environment says goes before it.
_THREADS: Final = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True, slots=True)
class Home:
    """Where a plugin distribution runs: a Python, and the folders that its environment does not name by itself."""

    distribution: str
    python: str
    folders: tuple[str, ...] = ()


class Ended(Exception):
    """The process ended, or spoke nonsense and was killed; the message says how, after `its process`."""


class Late(Exception):
    """The process did not answer in time, and was killed."""


class Child:
    """A process of one distribution, used by one at a time.

    `plugin` is the evaluator that it runs, or ran last. Of a `generation` are those that have imported the same code.
    """

    def __init__(self, home: Home, process: "subprocess.Popen[bytes]", plugin: str, generation: object) -> None:
        self.plugin = plugin
        self.generation = generation
        self.used_at = time.monotonic()
        self.is_over = False
        #: Whether it ran out of memory: what holds that may be there still, and belongs to no other's score.
        self.is_spent = False
        self._home = home
        self._process = process
        self._unpacker = Unpacker()
        self._messages: deque[Any] = deque()
        self._logging: asyncio.Task[None]
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @classmethod
    async def start(cls, home: Home, plugin: str, generation: object, memory_bytes: int) -> Self:
        """Start a process; raises Ended, Late or OSError.

        Call this on a thread that lives as long as the process should: Linux ends it with its parent thread.
        """
        ours, theirs = socket.socketpair()
        output, said = os.pipe()
        try:
            process = _started(home, theirs, said)
        except OSError:
            ours.close()
            os.close(output)
            raise
        finally:
            theirs.close()
            os.close(said)
        child = cls(home, process, plugin, generation)
        # It outlives the run that it was started for: its lines must not be told as that run's.
        child._logging = asyncio.create_task(child._log_output(output), context=contextvars.Context())
        child._reader, child._writer = await asyncio.open_unix_connection(sock=ours)
        try:
            await child._greet(memory_bytes)
        except BaseException:
            await asyncio.shield(child.kill())
            raise
        return child

    async def _greet(self, memory_bytes: int) -> None:
        await self.send({"parent": os.getpid(), "memory_bytes": memory_bytes, "paths": self._home.folders})
        first = await self.receive(_START_SECONDS)
        if not isinstance(first, Mapping) or first.get("protocol") != PROTOCOL:
            raise Ended("speaks another protocol: install the evalyard of this worker in its environment")

    async def send(self, message: Any) -> None:
        """Send a message; raises Late where it is not taken. That there is nobody to take it, `receive` notices."""
        self._writer.write(pack(message))
        try:
            async with asyncio.timeout(_TAKE_SECONDS):
                with contextlib.suppress(ConnectionError):
                    await self._writer.drain()
        except TimeoutError:
            await self.kill()
            raise Late from None

    async def receive(self, limit_seconds: float) -> Any:
        """Wait for the next message; raises Ended, or Late, and the process is gone then."""
        if self._messages:
            return self._messages.popleft()
        try:
            async with asyncio.timeout(limit_seconds):
                while not self._messages:
                    await self._read()
        except TimeoutError:
            await self.kill()
            raise Late from None
        except BadMessage as error:
            await self.kill()
            raise Ended(f"sent nonsense ({error})") from error
        return self._messages.popleft()

    async def _read(self) -> None:
        try:
            piece = await self._reader.read(_PIECE)
        except ConnectionError:
            piece = b""
        if not piece:
            raise Ended(await self._end())
        self._messages.extend(self._unpacker.feed(piece))

    async def kill(self) -> None:
        """End the process and all that it started, at once."""
        if self.is_over:
            return
        self.is_over = True
        _kill(self._process)
        await asyncio.to_thread(self._process.wait)
        await self._forget()

    async def close(self) -> None:
        """Let the process tear its evaluators down and end; kill it when it does not."""
        if self.is_over:
            return
        self._writer.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, _END_SECONDS)
        await self.kill()

    async def _end(self) -> str:
        """Return how the process ended, whose line is closed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, 1.0)
        code = self._process.poll()
        await self.kill()
        if code is None:
            return "closed its line to the worker"
        return _ending(code)

    async def _forget(self) -> None:
        self._writer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._logging, 1.0)

    async def _log_output(self, output: int) -> None:
        """Log what a process prints, twenty lines a second at most."""
        reader = asyncio.StreamReader(limit=_PIECE)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb")
        )
        second, lines, dropped = 0.0, 0, 0
        try:
            while piece := await reader.read(_PIECE):
                for line in piece.decode(errors="replace").splitlines():
                    if time.monotonic() - second > 1.0:
                        second, lines = time.monotonic(), 0
                    lines += 1
                    if lines > _LINES_A_SECOND:
                        dropped += 1
                    elif line.strip():
                        _log.info("printed", plugin=self.plugin, line=line[:_LONGEST_LINE], dropped=dropped)
                        dropped = 0
        finally:
            transport.close()


def _started(home: Home, line: socket.socket, output: int) -> "subprocess.Popen[bytes]":
    # -P: a file of the current folder must never stand in for a module of ours.
    return subprocess.Popen(  # noqa: S603 - no shell is wanted
        [home.python, "-P", "-u", "-m", "evalyard.isolation", str(line.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=_environment(),
        pass_fds=[line.fileno()],
        start_new_session=True,
    )


def _ending(code: int) -> str:
    """Return how a process ended that was not killed by this one."""
    if code >= 0:
        return f"ended with exit code {code}"
    hint = ", as the system does when memory is short" if -code == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-code).name}{hint}"


def _environment() -> dict[str, str]:
    """Return the worker's environment without what is the worker's own business, such as the database's password."""
    return _THREADS | {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVALYARD_") or name.startswith(_SECRETS)
    }


def _kill(process: "subprocess.Popen[bytes]") -> None:
    # The group outlives its leader while there is anybody in it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def here(distribution: str) -> Home:
    """Return the home of a distribution that is installed beside the worker."""
    return Home(distribution, sys.executable, tuple(sys.path))

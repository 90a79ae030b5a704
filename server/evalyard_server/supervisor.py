"""Children that are started together, started again when they die, and stopped in order."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evalyard_server.embedded.process import Child, ChildSpec
from evalyard_server.start_error import StartError


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long a dead child rests: twice as long each time, until one has lived for `steady_seconds`."""

    first_seconds: float = 0.25
    most_seconds: float = 30.0
    steady_seconds: float = 60.0

    def after(self, failures: int) -> float:
        """Return the seconds to wait before the start that follows `failures` short lives in a row (0 or more)."""
        return min(self.most_seconds, self.first_seconds * 2.0 ** min(failures, 30))


class Supervisor:
    """Own the children of one `evalyard up`. Every method belongs to the event loop that called `start` first."""

    def __init__(self, warn: Callable[[str], None], back_off: BackOff | None = None) -> None:
        """`warn` gets a sentence for each death and each failed start."""
        self._warn = warn
        self._back_off = back_off or BackOff()
        self._keepers: list[_Keeper] = []
        self._hurry = asyncio.Event()

    async def start(self, specs: Iterable[ChildSpec]) -> None:
        """Start the children all at once; return when each of them does its work.

        Raise StartError when one can't; the caller then calls `stop` for the others.
        """
        keepers = [_Keeper(spec, self._warn, self._back_off) for spec in specs]
        self._keepers += keepers
        try:
            async with asyncio.TaskGroup() as starting:
                for keeper in keepers:
                    starting.create_task(keeper.start())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    def hurry(self) -> None:
        """Let a `stop` that is under way, or comes, kill what does not end within a second."""
        self._hurry.set()

    async def stop(self) -> None:
        """Stop every child, the highest stage first, and each stage only once the one above has ended."""
        for stage in sorted({keeper.spec.stage for keeper in self._keepers}, reverse=True):
            leaving = [keeper for keeper in self._keepers if keeper.spec.stage == stage]
            await asyncio.gather(*(keeper.stop(self._hurry) for keeper in leaving))
        self._keepers.clear()

    def pids(self) -> dict[str, int]:
        """Return the process id of each child that is running, by name."""
        return {keeper.spec.name: keeper.child.pid for keeper in self._keepers if keeper.child is not None}


class _Keeper:
    """Keep one child alive from `start` to `stop`."""

    def __init__(self, spec: ChildSpec, warn: Callable[[str], None], back_off: BackOff) -> None:
        self.spec = spec
        self.child: Child | None = None
        self._warn = warn
        self._back_off = back_off
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._launch()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")

    async def stop(self, hurry: asyncio.Event) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if self.child is not None:
            await self.child.stop(hurry)
            self.child = None

    async def _launch(self) -> None:
        self.child = await Child.start(self.spec)
        await self.child.settle()

    async def _keep(self) -> None:
        failures = 0
        while True:
            cause, seconds = await self._end()
            failures = 0 if seconds >= self._back_off.steady_seconds else failures
            delay = self._back_off.after(failures)
            self._warn(f"{self.spec.name} stopped ({cause}); it starts again in {delay:g} s")
            await asyncio.sleep(delay)
            failures += 1
            await self._relaunch()

    async def _end(self) -> tuple[str, float]:
        """Wait for the child's end; return its cause, and the seconds that it lived from now."""
        if self.child is None:
            return "it did not start", 0.0
        clock = asyncio.get_running_loop().time
        began, exit_code = clock(), await self.child.wait()
        # A worker killed outright leaves its own processes behind.
        self.child.kill()
        self.child = None
        return cause_of(exit_code), clock() - began

    async def _relaunch(self) -> None:
        try:
            await self._launch()
        except StartError as error:
            self._warn(str(error))
            if self.child is not None:
                self.child.kill()


def cause_of(exit_code: int) -> str:
    """Say in a few words how a process with `exit_code` ended; a negative one is minus a signal's number."""
    return f"exit code {exit_code}" if exit_code >= 0 else signal.Signals(-exit_code).name

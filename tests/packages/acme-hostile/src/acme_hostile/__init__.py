"""What a worker has to live through."""

import ctypes
import os
import stat
import sys
import time
from typing import Any

from evalyard import Evaluator, ScoreType


class Hostile(Evaluator):
    """Do harm when the output is 'now'; else say that all is well."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, output: Any) -> Any:
        return self.harm() if output == "now" else True

    def harm(self) -> Any:
        raise NotImplementedError


class Raises(Hostile):
    """Raise what is no Exception."""

    def harm(self) -> Any:
        class Odd(BaseException):
            def __str__(self) -> str:
                raise RuntimeError

        raise Odd


class Hangs(Hostile):
    """Never return, and catch whatever would end it."""

    def harm(self) -> Any:
        while True:
            try:
                while True:
                    pass
            except BaseException:  # noqa: BLE001
                continue


class Blocks(Hostile):
    """Block the event loop."""

    async def evaluate(self, *, output: Any) -> Any:  # type: ignore[override]
        if output == "now":
            time.sleep(3600)  # noqa: ASYNC251
        return True


class Allocates(Hostile):
    """Take memory without end."""

    def harm(self) -> Any:
        held = []
        while True:
            held.append(bytearray(16 * 1024 * 1024))


class Exits(Hostile):
    """Call sys.exit."""

    def harm(self) -> Any:
        sys.exit(3)


class Leaves(Hostile):
    """End the process, with nothing of it run to its end."""

    def harm(self) -> Any:
        os._exit(7)


class Prints(Hostile):
    """Print a lot, on every channel there is, and score after all."""

    def harm(self) -> Any:
        for number in range(20_000):
            print("x" * 100, number)  # noqa: T201
        os.write(2, b"\x00\xff{\n" * 1000)
        return False


class Segfaults(Hostile):
    """Read what is not there."""

    def harm(self) -> Any:
        return ctypes.string_at(0)


class Forges(Hostile):
    """Write into every socket that is open."""

    def harm(self) -> Any:
        for descriptor in range(3, 4096):
            try:
                if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    os.write(descriptor, b"\x00\x00\x00\x04null" * 3)
            except OSError:
                continue
        return True


class TalksNonsense(Hostile):
    """Return something that can't be looked at."""

    def harm(self) -> Any:
        class Nonsense(str):
            __slots__ = ()

            def __len__(self) -> int:
                raise MemoryError

            def __repr__(self) -> str:
                raise SystemExit

        return Nonsense("nonsense")


class Honest(Evaluator):
    """Check that the output has an even number of characters."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, output: str) -> bool:
        return len(output) % 2 == 0

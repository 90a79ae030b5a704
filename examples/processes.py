"""Start the stack and the system under test as child processes, and stop them again."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class StoppedError(Exception):
    """A child process ended by itself; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Service:
    """A child process; what it says on stderr goes to `log`."""

    name: str
    process: subprocess.Popen[str]
    log: Path

    def url(self) -> str:
        """Wait until the process says "… ready at URL", and return the URL."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"ready at (http://\S+)", line):
                return found[1]
        raise StoppedError(f"{self.name} did not start: {self._last_words()}")

    def wait(self) -> None:
        """Wait for the process, which is not expected to end: raise StoppedError when it does."""
        self.process.wait()
        raise StoppedError(f"{self.name} stopped: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8").splitlines() or ["it said nothing"]
        return f"{lines[-1].removeprefix('evalyard: ')} (log: {self.log})"


@contextmanager
def running(name: str, *command: str, log: Path, cwd: Path | None = None) -> Iterator[Service]:
    """Run a command; on the way out, ask it to stop with SIGTERM and wait until it has."""
    with (
        log.open("w", encoding="utf-8") as stderr,
        # In a session of its own a child does not get the terminal's Ctrl-C: it is stopped here, in order.
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, cwd=cwd, start_new_session=True, encoding="utf-8"
        ) as process,
    ):
        try:
            yield Service(name, process, log)
        finally:
            process.terminate()
            # Leaving Popen's own block does not wait for long after a Ctrl-C.
            process.wait()

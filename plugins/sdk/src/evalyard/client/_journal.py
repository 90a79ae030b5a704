"""Records that were made and are not known to be on the server yet, kept on disk so that a kill loses none."""

import json
import os
from pathlib import Path
from typing import Any, Final

_NAME_LENGTH: Final = 80


class Journal:
    """A file of records of one run, a line each; written through to the operating system before anything is sent."""

    def __init__(self, run_id: str) -> None:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._path = Path(home) / "evalyard" / "runs" / f"{run_id[:_NAME_LENGTH].replace('/', '_')}.jsonl"
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def read(self) -> dict[str, dict[str, Any]]:
        """Return the records by the keys of their cases; a line that a kill cut short is left out."""
        records: dict[str, dict[str, Any]] = {}
        for line in self._path.read_text(errors="replace").splitlines():
            try:
                key, record = json.loads(line)
            except ValueError:
                continue
            records[key] = record
        return records

    def add(self, key: str, record: dict[str, Any]) -> None:
        """Add the record of a case. Raises TypeError or ValueError for one that is no JSON."""
        # A line that was cut short must not take the next one with it.
        os.write(self._file, f"\n{json.dumps([key, record], allow_nan=False)}\n".encode())

    def close(self, *, remove: bool) -> None:
        """Close the file, and remove it where all of it is on the server."""
        os.close(self._file)
        if remove:
            self._path.unlink(missing_ok=True)

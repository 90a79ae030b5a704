"""Rows that are not imported: none is lost without a word."""

import json
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ._rows import BadRow, CannotImport


class Rejects:
    """Writes each rejected row to a file as JSON Lines (line, reason, row), or says it on stderr where none is named.

    The file is made with the first row that is rejected.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.count = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def add(self, bad: BadRow) -> None:
        """Take down a row."""
        self.count += 1
        if self.path is None:
            print(f"evalyard: rejected {bad}", file=sys.stderr)  # noqa: T201 - it is the report
            return
        content = {"line": bad.line, "reason": bad.reason, "row": bad.content}
        print(json.dumps(content, default=str), file=self._open(self.path))

    def _open(self, path: Path) -> IO[str]:
        try:
            self._file = self._file or path.open("w", encoding="utf-8")
        except OSError as error:
            raise CannotImport(f"{path} can't be written: {error.strerror}.") from error
        return self._file

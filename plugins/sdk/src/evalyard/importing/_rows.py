"""What is read of a file: rows, and what should have been one."""

from dataclasses import dataclass
from typing import Any

from evalyard._errors import EvalyardError


class CannotImport(EvalyardError):
    """A file can't be imported as it is asked for; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a file by its columns; `line` is where it begins, from 1, or its number where there are no lines."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is not imported, with the reason as a sentence without a subject: "has no input" for instance."""

    line: int
    reason: str
    content: Any = None

    def __str__(self) -> str:
        """Say it in a line."""
        return f"line {self.line}: {self.reason}"

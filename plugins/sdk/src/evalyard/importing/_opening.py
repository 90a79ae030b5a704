"""Opening files: their encoding, and how far they have been read."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from ._rows import CannotImport

_BY_MARK: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Source:
    """A file that is read from its beginning as often as `text` or `binary` is called."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        """Take a file; without an encoding its byte order mark says it, and without one it is UTF-8."""
        self.path = path
        self._encoding = encoding
        self._file: BufferedReader | None = None
        if not path.is_file():
            raise CannotImport(f"There is no file {path}; check the path.")
        self.size = path.stat().st_size
        if encoding is not None:
            _known(encoding)

    @property
    def position(self) -> int:
        """How many of the `size` bytes have been read."""
        return 0 if self._file is None or self._file.closed else self._file.tell()

    @contextmanager
    def binary(self) -> Iterator[BufferedReader]:
        """Open it as bytes."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise CannotImport(f"{self.path} can't be read: {error.strerror}.") from error
        with file:
            self._file = file
            yield file

    @contextmanager
    def text(self, newline: str | None = None) -> Iterator[TextIO]:
        """Open it as text. Bytes that are no UTF-8 become lone surrogates, so that each row can be refused alone."""
        with self.binary() as file:
            encoding = self._encoding or _marked(file)
            errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
            try:
                yield TextIOWrapper(file, encoding=encoding, errors=errors, newline=newline)
            except UnicodeDecodeError as error:
                raise CannotImport(
                    f"{self.path} is no {encoding} at byte {error.start:,}; name its encoding with --encoding."
                ) from error


def is_text(text: str) -> bool:
    """Tell whether a text was UTF-8 all through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _marked(file: BufferedReader) -> str:
    begin = file.peek(4)
    return next((encoding for mark, encoding in _BY_MARK.items() if begin.startswith(mark)), "utf-8")


def _known(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise CannotImport(f"{encoding!r} is no encoding; use utf-8, utf-16 or latin-1, for instance.") from error

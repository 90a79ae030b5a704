"""JSON and JSON Lines."""

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn, TextIO

from ._opening import Source, is_text
from ._rows import BadRow, CannotImport, Row

_PART: Final = 1024 * 1024
_LONGEST: Final = 64 * 1024 * 1024
_NOT_TEXT: Final = "is no UTF-8; name the file's encoding with --encoding"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)


def read_jsonl(source: Source) -> Iterator[Row | BadRow]:
    """Yield the objects of a file that has one a line; blank lines are passed over."""
    with source.text() as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _line(number, line)


def _line(number: int, line: str) -> Row | BadRow:
    if not is_text(line):
        return BadRow(number, _NOT_TEXT, line.encode(errors="surrogateescape").decode(errors="replace").rstrip())
    try:
        return _row(number, _DECODER.decode(line))
    except (ValueError, RecursionError) as error:
        return BadRow(number, f"is no JSON: {error}", line.rstrip("\n"))


def read_json(source: Source) -> Iterator[Row | BadRow]:
    """Yield the objects of an array, read a piece at a time, or of the only array of objects in an object.

    A file of several objects, one a line, is JSON Lines whatever it is called.
    """
    with source.text() as file:
        first = _first_character(file)
        file.seek(0)
        if first == "[":
            yield from _Array(file).rows()
            return
    if _is_lines(source):
        yield from read_jsonl(source)
    else:
        yield from (_row(number, value) for number, value in enumerate(_only_array(source), 1))


def load(source: Source) -> Any:
    """Return a whole document; raises CannotImport."""
    with source.text() as file:
        try:
            return _DECODER.decode(file.read())
        except (ValueError, RecursionError) as error:
            raise CannotImport(f"{source.path} is no JSON: {error}.") from error


def _row(number: int, value: Any) -> Row | BadRow:
    if not isinstance(value, dict):
        return BadRow(number, "is no object with columns", value)
    return Row(number, value)


class _Array:
    """The entries of an array, read a piece at a time; `line` is where the next one begins."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False
        self._line = 1

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield its objects. What is no JSON ends it: where the next entry begins can't be told then."""
        self._skip("[")
        while (character := self._skip(",")) not in {"]", ""}:
            begin = self._line
            try:
                value = self._entry()
            except (ValueError, RecursionError) as error:
                rest = self._text[self._at : self._at + 200]
                yield BadRow(begin, f"is no JSON, so that nothing after it can be read: {error}", rest)
                return
            yield _row(begin, value)
        if character == "":
            yield BadRow(self._line, "ends before the array does, so that something may be missing")

    def _entry(self) -> Any:
        """Return the next entry; as much is read as it needs."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except ValueError:
                # A part may have ended in the middle of it.
                if self._ended or len(self._text) - self._at > _LONGEST:
                    raise
            else:
                if end < len(self._text) or self._ended:
                    self._advance(end)
                    if not is_text(str(value)):
                        raise ValueError("it is no UTF-8")
                    return value
            self._read_on()

    def _skip(self, separator: str) -> str:
        """Pass over white space and one separator; return the character that follows, "" at the end."""
        found = False
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if character == separator and not found:
                    found = True
                elif not character.isspace():
                    return character
                self._advance(self._at + 1)
            if self._ended:
                return ""
            self._read_on()

    def _advance(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _read_on(self) -> None:
        # Twice as much each time, so that a long entry is not decoded from its beginning too often.
        part = self._file.read(max(_PART, len(self._text) - self._at))
        self._ended = not part
        self._text, self._at = self._text[self._at :] + part, 0


def _first_character(file: TextIO) -> str:
    while part := file.read(256):
        if stripped := part.lstrip():
            return stripped[0]
    return ""


def _is_lines(source: Source) -> bool:
    with source.text() as file:
        lines = (line for line in file if line.strip())
        first, second = next(lines, None), next(lines, None)
    if first is None or second is None:
        return False
    return isinstance(_line(1, first), Row)


def _only_array(source: Source) -> list[Any]:
    document = load(source)
    values = document.values() if isinstance(document, dict) else []
    arrays = [value for value in values if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(arrays) != 1:
        raise CannotImport(f"{source.path} is no array of objects, nor an object with one array of objects in it.")
    return arrays[0]

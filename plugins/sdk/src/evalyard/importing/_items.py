"""The items of a file: each with a key, so that importing it again adds nothing twice."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ._rows import BadRow, Row

ReadItem = Callable[[Row], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NumberedItem:
    """An item as it is sent, and the line of the file that it comes from."""

    line: int
    item: dict[str, Any]


class Keys:
    """The keys of one file. It remembers a number for each, 100 bytes or so."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}

    def give(self, line: int, item: dict[str, Any]) -> None:
        """Give an item without a key one that tells its content; raises ValueError for a key that was there before."""
        if "key" not in item:
            item["key"] = self._of_content(line, item)
            return
        before = self._lines.setdefault(_short(item["key"]), line)
        if before != line:
            raise ValueError(f"has the id {item['key']!r}, which line {before} has already")

    def _of_content(self, line: int, item: dict[str, Any]) -> str:
        content = [item["input"], item.get("expectedOutput"), item.get("metadata")]
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
        key, times = digest, 1
        # Of equal rows each is an item.
        while self._lines.setdefault(_short(key), line) != line:
            times += 1
            key = f"{digest} ({times})"
        return key


def read_items(
    rows: Iterable[Row | BadRow], read: ReadItem, *, tags: Sequence[str] = ()
) -> Iterator[NumberedItem | BadRow]:
    """Yield the items of rows, and the rows that are none; `read` raises ValueError with the reason."""
    keys = Keys()
    for row in rows:
        yield row if isinstance(row, BadRow) else _item(row, read, keys, tags)


def _item(row: Row, read: ReadItem, keys: Keys, tags: Sequence[str]) -> NumberedItem | BadRow:
    try:
        item = read(row)
        _check(item)
        keys.give(row.line, item)
    except (ValueError, RecursionError) as error:
        return BadRow(row.line, str(error), row.fields)
    item["source"] = "IMPORT"
    item["tags"] = [*item.get("tags", ()), *tags]
    return NumberedItem(row.line, item)


def _check(item: dict[str, Any]) -> None:
    """Raise ValueError for what no JSON that is sent may hold; it would cost the whole call."""
    try:
        json.dumps(item, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("has half of a surrogate pair, which is no character") from error


def _short(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:8])

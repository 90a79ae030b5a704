"""Values of users in one short line."""

from typing import Any, Final

import orjson

LONGEST: Final = 160


def excerpt(value: Any, most: int = LONGEST) -> str:
    """Return a value in one line of `most` characters at most: a text as it is, anything else as JSON."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"

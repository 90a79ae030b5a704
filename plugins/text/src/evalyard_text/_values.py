"""How JSON values are read as text, and how they are shown in explanations."""

import json
from typing import Any, Final

NO_OUTPUT: Final = "The system gave no output."
NO_REFERENCE: Final = "The record has no expected output to compare with."

_LONGEST_QUOTE: Final = 80


def as_text(value: Any) -> str:
    """Read a JSON value as text: a text is itself, anything else its JSON text with sorted keys."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def show(value: Any) -> str:
    """Write a value for a person to read, a text in quotation marks and a long one cut in the middle."""
    text = as_text(value)
    if len(text) > _LONGEST_QUOTE:
        half = _LONGEST_QUOTE // 2
        text = f"{text[:half]} … {text[-half:]}"
    return f'"{text}"' if isinstance(value, str) else text

"""How evaluators read a record's JSON values as text, and show them in explanations: alike, so that scores read alike.

An output that is no text is its JSON text; an output of null is no output, which fails; without an expected output,
an evaluator that needs one skips the record.
"""

import json
from typing import Any, Final

__all__ = ["NO_OUTPUT", "NO_REFERENCE", "as_text", "reference_texts", "show"]

NO_OUTPUT: Final = "The system gave no output."
NO_REFERENCE: Final = "The record has no expected output to compare with."

_LONGEST_QUOTE: Final = 80


def as_text(value: Any) -> str:
    """Read a JSON value as text: a text is itself, anything else its JSON text with sorted keys."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def reference_texts(expected: Any) -> tuple[str, ...]:
    """Read an expected output as one text or, where it is a list, as several; nulls and empty texts are left out."""
    parts = expected if isinstance(expected, list) else [expected]
    return tuple(text for text in (as_text(part) for part in parts if part is not None) if text)


def show(value: Any) -> str:
    """Write a value for a person to read, a text in quotation marks and a long one cut in the middle."""
    text = as_text(value)
    if len(text) > _LONGEST_QUOTE:
        half = _LONGEST_QUOTE // 2
        text = f"{text[:half]} … {text[-half:]}"
    return f'"{text}"' if isinstance(value, str) else text

"""How JSON values are read as text, and what a record may lack."""

import json
from typing import Any, Final

NO_OUTPUT: Final = "The system gave no output."
NO_REFERENCE: Final = "The record has no other answer to compare the output with."


def as_text(value: Any) -> str:
    """Read a JSON value as text: a text is itself, anything else its JSON text with sorted keys."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)

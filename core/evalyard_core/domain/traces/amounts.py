"""What is understood of a span, held to what a database and a person can do with."""

from dataclasses import replace
from typing import Any, Final

from .spans import Meaning

_LONGEST_NAME: Final = 1_000
_LONGEST_MESSAGE: Final = 10_000
_MOST_TAGS: Final = 50
#: No count of tokens is larger: beyond this, sums are no longer exact everywhere.
_MOST_TOKENS: Final = 2**53
_MOST_COST_USD: Final = 1e12

_COUNTS: Final = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
_NAMES: Final = ("model", "provider", "session", "user")


def plausible(meaning: Meaning) -> Meaning:
    """Return what is understood of a span without amounts that can't be, and with names of a reasonable length."""
    changes: dict[str, Any] = {}
    for name in _COUNTS:
        count = getattr(meaning, name)
        if count is not None and not 0 <= count <= _MOST_TOKENS:
            changes[name] = None
    if meaning.cost_usd is not None and not 0 <= meaning.cost_usd <= _MOST_COST_USD:
        changes["cost_usd"] = None
    for name in _NAMES:
        text = getattr(meaning, name)
        if text is not None and len(text) > _LONGEST_NAME:
            changes[name] = text[:_LONGEST_NAME]
    if meaning.tags:
        changes["tags"] = tuple(tag[:_LONGEST_NAME] for tag in meaning.tags[:_MOST_TAGS])
    error = meaning.error
    if error is not None and len(error.type) + len(error.message) > _LONGEST_NAME:
        changes["error"] = replace(error, type=error.type[:_LONGEST_NAME], message=error.message[:_LONGEST_MESSAGE])
    return replace(meaning, **changes) if changes else meaning

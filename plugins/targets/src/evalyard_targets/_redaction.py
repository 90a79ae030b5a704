"""Keeping secrets out of messages."""

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

_LONGEST: Final = 400


class Redactor:
    """Shorten messages, after taking out every secret, also as JSON and URLs spell it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {
            spelling
            for secret in secrets
            for value in (secret, secret.strip())
            for spelling in (value, json.dumps(value)[1:-1], quote(value, safe=""))
        }
        # The longest first, since one spelling may be part of another.
        self._spellings = sorted(filter(None, spellings), key=len, reverse=True)

    def clean(self, message: str) -> str:
        """Give the message as it may be stored and shown."""
        for spelling in self._spellings:
            message = message.replace(spelling, "***")
        return f"{message[:_LONGEST]} …" if len(message) > _LONGEST else message

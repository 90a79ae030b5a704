"""When a request is sent again."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from evalyard_openai._errors import EndpointError

_SECONDS: Final = re.compile(r"\s*[0-9]{1,9}(?:\.[0-9]{1,9})?\s*")


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often, and after what waits: those that the endpoint asks for, else ever longer ones with a random part."""

    max_attempts: int
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0

    def wait(self, error: EndpointError, attempts: int) -> float | None:
        """Return the seconds to wait after so many attempts; None when there shall be no other one."""
        if not error.retryable or attempts >= self.max_attempts:
            return None
        asked_for = error.retry_after_seconds
        if asked_for is not None:
            return asked_for if asked_for <= self.longest_wait_seconds else None
        # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        longest = min(self.first_wait_seconds * 2 ** (attempts - 1), self.longest_wait_seconds)
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads requests, keeps no secret


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read how long an endpoint asks to wait, in seconds; None if it says nothing usable.

    `retry-after-ms` is OpenAI's and comes first; Retry-After is RFC 9110, section 10.2.3: seconds or a date.
    """
    milliseconds, text = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    if _SECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())

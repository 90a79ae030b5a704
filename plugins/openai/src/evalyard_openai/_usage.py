"""The tokens that were used, and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from evalyard_openai._config import Prices

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counts them; cached ones are among the prompt's. None where it does not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Read the `usage` of an answer's body; what is missing or no count is None."""
        usage = body.get("usage")
        if not isinstance(usage, Mapping):
            return cls()
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
        return cls(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _count(cached))

    def __add__(self, other: "Usage") -> "Usage":
        """Add what two answers used."""
        return Usage(
            _sum(self.prompt_tokens, other.prompt_tokens),
            _sum(self.completion_tokens, other.completion_tokens),
            _sum(self.cached_tokens, other.cached_tokens),
        )

    def cost_usd(self, prices: Prices | None) -> float | None:
        """Return what the tokens cost; None without prices, or where the endpoint tells no usage."""
        if prices is None or self.prompt_tokens is None:
            return None
        cached = min(self.cached_tokens or 0, self.prompt_tokens)
        cached_price = prices.cached_input if prices.cached_input is not None else prices.input
        spent = (self.prompt_tokens - cached) * prices.input + cached * cached_price
        return (spent + (self.completion_tokens or 0) * prices.output) / _MILLION


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)

"""What the tests expect spans to mean, in few words."""

from collections.abc import Iterable
from typing import Any, Final

from evalyard.prices import Prices
from evalyard_core.domain.traces.conventions import understand
from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.domain.traces.spans import Meaning, ReceivedSpan

#: Prices at which a call with 40 tokens, 16 of them cached, and 9 in its answer costs 24 * 10 + 16 * 1 + 9 * 20 = 436.
PRICES: Final = PriceTable(
    {"test-chat": Prices(input_per_million=10, output_per_million=20, cached_input_per_million=1)}
)
MILLION: Final = 1_000_000

SYSTEM: Final = {"role": "system", "content": "Be short."}
CALL: Final = {"id": "call_1", "name": "weather", "arguments": {"city": "Paris"}}
ASKED: Final = {"role": "assistant", "tool_calls": [CALL]}
GIVEN: Final = {"role": "tool", "content": "18 degrees", "tool_call_id": "call_1"}
ANSWER: Final = {"role": "assistant", "content": "It is 18 degrees."}

_FIGURES: Final = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")


def user(content: str) -> dict[str, Any]:
    """Return a message of a user."""
    return {"role": "user", "content": content}


def meanings(spans: Iterable[ReceivedSpan]) -> list[Meaning]:
    """Return what spans mean, at `PRICES`."""
    return [understand(span, PRICES) for span in spans]


def named(spans: Iterable[ReceivedSpan]) -> dict[str, list[Meaning]]:
    """Return what spans mean, by their names, in their order."""
    found: dict[str, list[Meaning]] = {}
    for span in spans:
        found.setdefault(span.name, []).append(understand(span, PRICES))
    return found


def figures(meaning: Meaning) -> tuple[int | None, ...]:
    """Return the tokens of the prompt and of the answer, and the cached and thought ones among them."""
    return tuple(getattr(meaning, name) for name in _FIGURES)

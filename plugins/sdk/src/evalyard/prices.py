"""What models cost. Providers change their prices, so none are built in: they are set, or read from a file."""

from pathlib import Path
from typing import Final

from pydantic import Field, TypeAdapter, ValidationError

from evalyard._config import Config

__all__ = ["Prices", "read_prices"]

_MILLION: Final = 1_000_000


class Prices(Config):
    """What a model costs, in US dollars a million tokens."""

    input_per_million: float = Field(ge=0, description="Of the prompt.")
    output_per_million: float = Field(ge=0, description="Of the answer, what it thinks included.")
    cached_input_per_million: float | None = Field(
        None, ge=0, description="Of what the provider had cached of the prompt; by default as the rest of it."
    )

    def cost_usd(self, *, prompt_tokens: int, cached_tokens: int, completion_tokens: int) -> float:
        """Return what an answer costs; `cached_tokens` are among the prompt's."""
        cached = min(cached_tokens, prompt_tokens)
        of_cached = self.input_per_million if self.cached_input_per_million is None else self.cached_input_per_million
        of_prompt = (prompt_tokens - cached) * self.input_per_million + cached * of_cached
        return (of_prompt + completion_tokens * self.output_per_million) / _MILLION


_TABLE: Final = TypeAdapter(dict[str, Prices])


def read_prices(file: Path) -> dict[str, Prices]:
    """Return the table of a JSON file: an object like `Prices` for each model's name.

    Raises ValueError, which says in a few words why, where the file can't be read or is no such table.
    """
    try:
        return _TABLE.validate_json(file.read_bytes())
    except OSError as exc:
        raise ValueError(exc.strerror or str(exc)) from exc
    except ValidationError as exc:
        raise ValueError(exc.errors()[0]["msg"]) from exc

"""What models cost. Providers change their prices, so none are built in: they are set, or read from a file."""

import os
from pathlib import Path
from typing import Final

from pydantic import Field, TypeAdapter, ValidationError

from evalyard import Config, TargetError

_SETTING: Final = "EVALYARD_MODEL_PRICES"
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


def prices_of(model: str) -> Prices | None:
    """Return what the operator's table says of a model, None where there is no table or it does not name the model.

    Raises TargetError with the code BAD_PRICES where the table can't be read.
    """
    file = os.environ.get(_SETTING)
    if not file:
        return None
    try:
        return _TABLE.validate_json(Path(file).read_bytes()).get(model)
    except (OSError, ValidationError) as exc:
        reason = exc.errors()[0]["msg"] if isinstance(exc, ValidationError) else exc.strerror
        raise TargetError(
            f"The prices of models can't be read ({reason}): correct the file that {_SETTING} of the worker names.",
            code="BAD_PRICES",
        ) from exc

"""What the calls of models cost that a span counts the tokens of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from evalyard.prices import Prices, read_prices

#: What providers add to a model's name for the state of one day: gpt-4o-2024-08-06, claude-sonnet-4-20250514.
_DAY: Final = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by the names of models."""

    by_model: Mapping[str, Prices] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path | None) -> Self:
        """Return the table of a JSON file, an empty one where there is no file; see `evalyard.prices.read_prices`."""
        return cls() if file is None else cls(read_prices(file))

    def of(self, model: str) -> Prices | None:
        """Return what a model costs: by its name as it stands, else by that without the day of its state."""
        if not self.by_model:
            return None
        found = self.by_model.get(model)
        return found if found is not None else self.by_model.get(_DAY.sub("", model))

"""What models cost, where a target's config does not say: in the operator's table."""

import os
from pathlib import Path
from typing import Final

from evalyard import TargetError
from evalyard.prices import Prices, read_prices

_SETTING: Final = "EVALYARD_MODEL_PRICES"


def prices_of(model: str) -> Prices | None:
    """Return what the operator's table says of a model, None where there is no table or it does not name the model.

    Raises TargetError with the code BAD_PRICES where the table can't be read.
    """
    file = os.environ.get(_SETTING)
    if not file:
        return None
    try:
        return read_prices(Path(file)).get(model)
    except ValueError as exc:
        raise TargetError(
            f"The prices of models can't be read ({exc}): correct the file that {_SETTING} of the worker names.",
            code="BAD_PRICES",
        ) from exc

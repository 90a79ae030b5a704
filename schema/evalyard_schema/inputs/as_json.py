"""Inputs as the JSON that a client would send for them."""

import dataclasses
from datetime import datetime
from enum import Enum
from typing import Any

from strawberry import UNSET

from evalyard_schema.given import camel_case
from evalyard_schema.scalars import print_date_time


def as_json(value: Any) -> Any:
    """Return the variables' value of an input; what was left out, or is null, is absent."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        entries = [(entry.name, getattr(value, entry.name)) for entry in dataclasses.fields(value)]
        return {camel_case(name): as_json(entry) for name, entry in entries if entry is not None and entry is not UNSET}
    if isinstance(value, list):
        return [as_json(entry) for entry in value]
    if isinstance(value, Enum):
        return value.name
    return print_date_time(value) if isinstance(value, datetime) else value

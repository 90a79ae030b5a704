"""What a client left out. A nullable argument without a default has the value UNSET then, so that none is printed."""

import dataclasses
from collections.abc import Collection
from typing import Any, TypeVar

from strawberry import UNSET

from evalyard_core.domain.errors import BadInput

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """Return an argument, None where it was left out."""
    return None if value is UNSET else value


def changes(update: Any, *, clearable: Collection[str]) -> dict[str, Any]:
    """Return the fields of an update that were given, by their Python names.

    Null clears those in `clearable` and is refused for the others.
    """
    entries = [(entry.name, getattr(update, entry.name)) for entry in dataclasses.fields(update)]
    present = {name: value for name, value in entries if value is not UNSET}
    for name, value in present.items():
        if value is None and name not in clearable:
            shown = camel_case(name)
            raise BadInput(f"{shown} can't be null; leave it out to keep it.", field=f"input.{shown}")
    return present


def camel_case(name: str) -> str:
    """Return the GraphQL name of a Python one."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)

"""Making enums of the domain enums of GraphQL."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def declare(kind: type[Enum], description: str, **values: str) -> None:
    """Make an enum a GraphQL enum, with what is said of it and of some of its values."""
    strawberry.enum(kind, description=description)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.get(value.name)

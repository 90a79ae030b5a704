"""Strawberry's decorators, for classes and resolvers whose docstring is their description, and for enums."""

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def object_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL object type."""
    return strawberry.type(cls, description=_description(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface(cls: type[T]) -> type[T]:
    """Make a class a GraphQL interface."""
    return strawberry.interface(cls, description=_description(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input_type(cls: type[T]) -> type[T]:
    """Make a class a GraphQL input type."""
    return strawberry.input(cls, description=_description(cls))


def field(resolver: Callable[..., Any]) -> Any:
    """Make a method a GraphQL field."""
    return strawberry.field(resolver, description=_description(resolver))


def mutation(resolver: Callable[..., Any]) -> Any:
    """Make a method a mutation."""
    return strawberry.mutation(resolver, description=_description(resolver))


def subscription(resolver: Callable[..., Any]) -> Any:
    """Make a method that returns an asynchronous iterator a subscription."""
    return strawberry.subscription(resolver, description=_description(resolver))


def declare(kind: type[Enum], description: str, **values: str) -> None:
    """Make an enum of the domain a GraphQL enum under the same name, with descriptions of some of its values."""
    strawberry.enum(kind, description=description)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.get(value.name)


def _description(described: object) -> str | None:
    # Not inspect.getdoc, which would hand a base class's docstring to a class without one.
    return inspect.cleandoc(described.__doc__) if described.__doc__ else None

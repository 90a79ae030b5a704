"""How the fields of a selection are read: as attributes, as objects that are at hand, or by graphql-core."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from .loaders.by_id import Edge

_DEFINITION: Final = "strawberry-definition"
_TYPE_NAME: Final = "__typename"

#: The fields of a selection by their names in the response, as graphql-core collects them.
Selection = dict[str, Any]


class Attribute(NamedTuple):
    """A field of a leaf type that has no resolver; values of the type `fit` are written as they are."""

    response_name: str
    name: str
    fit: type | None
    coerce: Callable[[Any], Any]
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class EdgeInfo:
    """What a resolver without arguments gets as its `info`: nothing but the context."""

    context: Any


class Branch(NamedTuple):
    """A field without arguments whose value is an object or a list of objects.

    Where it `takes_info`, `read` takes the object and an `EdgeInfo`, and may return an `Edge`; where it `waits` too, it
    returns something to await. Else it takes the object alone.
    """

    response_name: str
    details: Any
    read: Callable[..., Any]
    takes_info: bool
    waits: bool
    object_type: GraphQLObjectType
    return_type: GraphQLOutputType
    is_list: bool
    is_nullable: bool


class Pending(NamedTuple):
    """An edge that is still to be followed, and where what it leads to belongs."""

    edge: Edge
    results: dict[str, Any]
    branch: Branch
    path: Path


class Plan:
    """How the fields of a selection on one type are read."""

    def __init__(self, selection: Selection, type_name: str) -> None:
        self.selection = selection
        self.type_name = type_name
        self.type_names: list[str] = []
        self.attributes: list[Attribute] = []
        self.branches: list[Branch] = []
        self.others: Selection = {}

    def read(self, source: Any) -> dict[str, Any] | None:
        """Return the attributes in the order of the selection, the other fields null; None where a value is unfit."""
        results: dict[str, Any] = dict.fromkeys(self.selection)
        for response_name in self.type_names:
            results[response_name] = self.type_name
        try:
            for response_name, name, fit, coerce, is_nullable in self.attributes:
                value = getattr(source, name)
                if type(value) is fit:
                    results[response_name] = value
                elif value is not None:
                    results[response_name] = coerce(value)
                elif not is_nullable:
                    return None
        except Exception:  # noqa: BLE001 - graphql-core comes upon it again, and reports it with its place
            return None
        return results


def make_plan(parent_type: GraphQLObjectType, selection: Selection) -> Plan:
    """Return how to read a selection."""
    plan = Plan(selection, parent_type.name)
    for response_name, details in selection.items():
        name = details[0].node.name.value
        field = parent_type.fields.get(name)
        if name == _TYPE_NAME:
            plan.type_names.append(response_name)
        elif attribute := _attribute(field, response_name):
            plan.attributes.append(attribute)
        elif branch := _branch(field, response_name, details):
            plan.branches.append(branch)
        else:
            plan.others[response_name] = details
    return plan


def _attribute(field: GraphQLField | None, response_name: str) -> Attribute | None:
    definition = _definition(field)
    if field is None or definition is None or not definition.is_basic_field:
        return None
    leaf = get_nullable_type(field.type)
    if not is_leaf_type(leaf):
        return None
    fit, coerce = _FIT.get(leaf.name), _coercion(leaf)
    return Attribute(response_name, definition.python_name, fit, coerce, not is_non_null_type(field.type))


def _branch(field: GraphQLField | None, response_name: str, details: Any) -> Branch | None:
    definition = _definition(field)
    read = _reader(definition)
    if field is None or read is None:
        return None
    value_type = get_nullable_type(field.type)
    is_list = is_list_type(value_type)
    object_type = _item_type(value_type) if is_list_type(value_type) else value_type
    if not is_object_type(object_type):
        return None
    is_nullable = not is_non_null_type(field.type)
    takes_info, waits = _manner(definition)
    return Branch(response_name, details, read, takes_info, waits, object_type, field.type, is_list, is_nullable)


def _manner(definition: StrawberryField | None) -> tuple[bool, bool]:
    """Tell whether a field's resolver takes an `info`, and whether it is to be awaited."""
    resolver = definition.base_resolver if definition is not None else None
    return (False, False) if resolver is None else (bool(resolver.info_parameter), bool(resolver.is_async))


def _item_type(list_type: GraphQLList[Any]) -> Any:
    """Return the type of a list's items where none of them may be null."""
    return list_type.of_type.of_type if is_non_null_type(list_type.of_type) else None


def _definition(field: GraphQLField | None) -> StrawberryField | None:
    definition = field.extensions.get(_DEFINITION) if field is not None else None
    return definition if isinstance(definition, StrawberryField) and not definition.extensions else None


def _reader(definition: StrawberryField | None) -> Callable[..., Any] | None:
    """Return how a value is had off its object where that takes no arguments."""
    if definition is None:
        return None
    resolver = definition.base_resolver
    if resolver is None:
        return attrgetter(definition.python_name)
    method = resolver.wrapped_func
    if isinstance(method, staticmethod | classmethod) or not resolver.self_parameter or resolver.arguments:
        return None
    return method if resolver.info_parameter or not resolver.is_async else None


def _coercion(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """Return how a value is written, without a second look at a number that is well within its type."""
    coerce = leaf.coerce_output_value
    if leaf.name == GraphQLInt.name:
        return lambda value: value if type(value) is int and -(2**31) <= value < 2**31 else coerce(value)
    if leaf.name == GraphQLFloat.name:
        # A float that is not finite differs from itself less itself.
        return lambda value: value if type(value) is float and value - value == 0.0 else coerce(value)
    return cache(coerce) if is_enum_type(leaf) else coerce


#: The types whose every value a leaf writes as it is.
_FIT: Final[dict[str, type]] = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}

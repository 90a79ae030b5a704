"""Executing queries: attributes straight off their objects, and loaders of their own for each operation and event."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

from graphql import GraphQLObjectType, get_nullable_type, is_leaf_type, is_non_null_type
from graphql.pyutils import Path
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType

from .context import Context

_DEFINITION: Final = "strawberry-definition"
_TYPE_NAME: Final = "__typename"

#: The fields of a selection by their names in the response, as graphql-core collects them.
Selection = dict[str, Any]


class _Attribute(NamedTuple):
    """A field of a leaf type that has no resolver."""

    response_name: str
    name: str
    coerce: Callable[[Any], Any]
    is_nullable: bool


@dataclass(slots=True)
class _Plan:
    """Which fields of a selection are attributes, and which need graphql-core."""

    selection: Selection
    type_names: list[str] = field(default_factory=list)
    attributes: list[_Attribute] = field(default_factory=list)
    others: Selection = field(default_factory=dict)


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Reads attributes without the machinery that resolvers need, which takes several times as long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By the identity of the selection, which the plan keeps alive.
        self._plans: dict[int, _Plan] = {}

    def build_per_event_executor(self, payload: Any) -> "Executor":
        """Return the executor of one event of a subscription: it loads everything anew and leaves nothing behind."""
        executor = cast("Executor", super().build_per_event_executor(payload))
        executor.context_value = self.context_value.renewed()
        # graphql-core shares these among the events and adds to them at each one: a subscription would grow for ever.
        executor._plans, executor._relevant_sub_fields = {}, {}  # noqa: SLF001 - its own class
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Selection,
        position_context: Any,
    ) -> Any:
        """Execute the fields of one object; what is not an attribute, or no fit value, is graphql-core's business."""
        if path is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        plan = self._plans.get(id(grouped_field_set)) or self._make_plan(parent_type, grouped_field_set)
        results = _read(plan, parent_type, source_value)
        if results is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.others:
            return results
        others = super().execute_fields(parent_type, source_value, path, plan.others, position_context)
        if self.is_awaitable(others):
            return _joined(results, others)
        results.update(cast("dict[str, Any]", others))
        return results

    def _make_plan(self, parent_type: GraphQLObjectType, selection: Selection) -> _Plan:
        plan = self._plans[id(selection)] = _Plan(selection)
        for response_name, details in selection.items():
            name = details[0].node.name.value
            attribute = _attribute(parent_type, name, response_name)
            if attribute is not None:
                plan.attributes.append(attribute)
            elif name == _TYPE_NAME:
                plan.type_names.append(response_name)
            else:
                plan.others[response_name] = details
        return plan


def _attribute(parent_type: GraphQLObjectType, name: str, response_name: str) -> _Attribute | None:
    """Return how a field is read where it is an attribute with a leaf as its value, else None."""
    field_def = parent_type.fields.get(name)
    definition = field_def.extensions.get(_DEFINITION) if field_def is not None else None
    if field_def is None or not isinstance(definition, StrawberryField) or not definition.is_basic_field:
        return None
    leaf = get_nullable_type(field_def.type)
    if not is_leaf_type(leaf):
        return None
    is_nullable = not is_non_null_type(field_def.type)
    return _Attribute(response_name, definition.python_name, leaf.coerce_output_value, is_nullable)


def _read(plan: _Plan, parent_type: GraphQLObjectType, source: Any) -> dict[str, Any] | None:
    """Return the attributes in the order of the selection, the other fields still null; None where a value is unfit."""
    results: dict[str, Any] = dict.fromkeys(plan.selection)
    for response_name in plan.type_names:
        results[response_name] = parent_type.name
    try:
        for response_name, name, coerce, is_nullable in plan.attributes:
            value = getattr(source, name)
            if value is not None:
                results[response_name] = coerce(value)
            elif not is_nullable:
                return None
    except Exception:  # noqa: BLE001 - graphql-core comes upon it again, and reports it with its place
        return None
    return results


async def _joined(results: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    results.update(await others)
    return results


class OwnLoaders(SchemaExtension):
    """Gives each operation loaders of its own: a connection has one context for all its operations.

    A mutation changes what loaders would have kept, so that its loaders keep nothing.
    """

    def on_execute(self) -> Iterator[None]:
        """Renew the loaders."""
        execution = self.execution_context
        if isinstance(execution.context, Context):
            execution.context = execution.context.renewed(cache=execution.operation_type is OperationType.QUERY)
        yield

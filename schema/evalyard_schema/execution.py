"""Executing queries: values that are at hand straight off their objects, and loaders of one's own for each operation.

A page of runs has some thousand values of which a few dozen need waiting for. graphql-core takes 5 µs for each, most of
it for resolvers; `Executor` reads what needs none itself, in a tenth of that, and leaves the rest to graphql-core.
"""

from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, TypeVar, cast

from graphql import GraphQLObjectType
from graphql.pyutils import Path, gather_with_cancel
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.graphql import OperationType

from .context import Context
from .plans import Branch, EdgeInfo, Plan, Selection, make_plan

Key = TypeVar("Key")


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Reads attributes, and objects that a plain method returns, without the machinery that resolvers need."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By the identity of the selection, which the plan keeps alive.
        self._plans: dict[int, Plan] = {}
        self._info = EdgeInfo(self.context_value)

    def build_per_event_executor(self, payload: Any) -> "Executor":
        """Return the executor of one event of a subscription: it loads everything anew and leaves nothing behind."""
        executor = cast("Executor", super().build_per_event_executor(payload))
        executor.context_value = self.context_value.renewed()
        executor._info = EdgeInfo(executor.context_value)  # noqa: SLF001 - its own class
        # graphql-core shares these among the events and adds to them at each one: a subscription would grow for ever.
        executor._plans, executor._relevant_sub_fields = {}, {}  # noqa: SLF001
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Selection,
        position_context: Any,
    ) -> Any:
        """Return the fields of one object, or what will give them; an unfit value is graphql-core's to report."""
        if path is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        plan = self._plans.get(id(grouped_field_set))
        if plan is None:
            plan = self._plans[id(grouped_field_set)] = make_plan(parent_type, grouped_field_set)
        results = plan.read(source_value)
        if results is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        waiting: dict[str, Awaitable[Any]] = {}
        try:
            for branch in plan.branches:
                value = self._grow(branch, source_value, Path(path, branch.response_name, parent_type.name))
                (waiting if self.is_awaitable(value) else results)[branch.response_name] = value
            if not plan.others:
                return _filled(results, waiting) if waiting else results
            others = super().execute_fields(parent_type, source_value, path, plan.others, position_context)
        except Exception:
            self.settle_in_background(list(waiting.values()))
            raise
        return self._joined(results, waiting, others)

    def _grow(self, branch: Branch, source: Any, path: Path) -> Any:
        """Return the value of a field with objects in it, or what will give it."""
        if branch.waits:
            return self._grown(branch, source, path)
        try:
            completed = self._complete(branch, branch.read(source), path)
        except Exception as error:  # noqa: BLE001 - whatever a field raises is told with its place
            return self.handle_field_error(error, branch.return_type, branch.details, path)
        return self._settled(branch, completed, path) if self.is_awaitable(completed) else completed

    async def _grown(self, branch: Branch, source: Any, path: Path) -> Any:
        try:
            completed = self._complete(branch, await branch.read(source, self._info), path)
            return await completed if self.is_awaitable(completed) else completed
        except Exception as error:  # noqa: BLE001 - as in _grow
            return self.handle_field_error(error, branch.return_type, branch.details, path)

    async def _settled(self, branch: Branch, completed: Awaitable[Any], path: Path) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - as in _grow
            return self.handle_field_error(error, branch.return_type, branch.details, path)

    def _complete(self, branch: Branch, value: Any, path: Path) -> Any:
        """Return an object, or a list of objects, with the fields that are selected, or what will give it."""
        if value is None:
            if branch.is_nullable:
                return None
            raise TypeError(f"Cannot return null for non-nullable field {branch.response_name}.")
        selection = self.collect_subfields(branch.object_type, branch.details).grouped_field_set
        if not branch.is_list:
            return self.execute_fields(branch.object_type, value, path, selection, None)
        results: dict[int, Any] = {}
        waiting: dict[int, Awaitable[Any]] = {}
        try:
            for place, item in enumerate(value):
                here = path.add_key(place, None)
                results[place] = self.execute_fields(branch.object_type, item, here, selection, None)
                if self.is_awaitable(results[place]):
                    waiting[place] = results[place]
        except Exception:
            self.settle_in_background(list(waiting.values()))
            raise
        return _listed(results, waiting) if waiting else list(results.values())

    def _joined(self, results: dict[str, Any], waiting: dict[str, Awaitable[Any]], others: Any) -> Any:
        if not self.is_awaitable(others):
            results.update(others)
            return _filled(results, waiting) if waiting else results
        return _merged(results, waiting, others)


async def _filled(results: dict[Key, Any], waiting: Mapping[Key, Awaitable[Any]]) -> dict[Key, Any]:
    """Return the results once those that wait have come."""
    if len(waiting) == 1:
        [(key, value)] = waiting.items()
        results[key] = await value
    else:
        results.update(zip(waiting, await gather_with_cancel(*waiting.values()), strict=True))
    return results


async def _listed(results: dict[int, Any], waiting: Mapping[int, Awaitable[Any]]) -> list[Any]:
    return list((await _filled(results, waiting)).values())


async def _merged(
    results: dict[str, Any], waiting: Mapping[str, Awaitable[Any]], others: Awaitable[dict[str, Any]]
) -> dict[str, Any]:
    filled = _filled(results, waiting) if waiting else None
    if filled is None:
        results.update(await others)
    else:
        _, rest = await gather_with_cancel(filled, others)
        results.update(rest)
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

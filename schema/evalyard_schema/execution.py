"""Executing queries: values that are at hand straight off their objects, and what ids stand for a level at a time.

A page of runs has some thousand values of which a few dozen need waiting for. graphql-core takes 5 µs for each, most of
it for resolvers; `Executor` reads what needs none itself, in a tenth of that, and leaves the rest to graphql-core.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, cast

from graphql import GraphQLObjectType
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from .joining import filled, listed, merged
from .loaders.by_id import Edge, load_edges
from .plans import Branch, EdgeInfo, Pending, Plan, Selection, make_plan


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Reads attributes, and objects that a plain method returns, without the machinery that resolvers need."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By the identity of the selection, which the plan keeps alive.
        self._plans: dict[int, Plan] = {}
        self._info = EdgeInfo(self.context_value)
        # The edges that were met since graphql-core handed an object over; None outside of that.
        self._edges: list[Pending] | None = None
        self._one_by_one = False

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
        handed = (parent_type, source_value, path, grouped_field_set, position_context)
        if self._edges is not None or self._one_by_one:
            return self._fields(*handed)
        edges: list[Pending] = []
        self._edges = edges
        try:
            results = self._fields(*handed)
        finally:
            self._edges = None
        return self._followed(edges, results, handed) if edges else results

    async def _followed(self, edges: Sequence[Pending], results: Any, handed: tuple[Any, ...]) -> Any:
        """Return results once their edges have been followed.

        Where that goes wrong the fields are read again one by one, so that the error is told with its place, and takes
        with it what it must.
        """
        if self.is_awaitable(results):
            all_led_somewhere, results = await gather_with_cancel(self._follow(edges), results)
        else:
            all_led_somewhere = await self._follow(edges)
        if all_led_somewhere:
            return results
        self._one_by_one = True
        again = self._fields(*handed)
        return await again if self.is_awaitable(again) else again

    async def _follow(self, edges: Sequence[Pending]) -> bool:
        """Follow edges, then all those that they lead to; tell whether all of them led somewhere."""
        late: list[tuple[Pending, Awaitable[Any]]] = []
        try:
            while edges:
                found = await load_edges([pending.edge for pending in edges])
                edges = self._fill(edges, found, late)
            values = await gather_with_cancel(*(value for _, value in late))
        except Exception:  # noqa: BLE001 - comes up again where it is told with its place
            return False
        for (pending, _), value in zip(late, values, strict=True):
            pending.results[pending.branch.response_name] = value
        return True

    def _fill(
        self, edges: Sequence[Pending], found: Sequence[Any], late: list[tuple[Pending, Awaitable[Any]]]
    ) -> Sequence[Pending]:
        """Put in what edges led to, or keep it for later, and return the edges that were met there.

        Runs of one dataset show one dataset: what came of an edge without an error is shared by all that are equal.
        """
        met: list[Pending] = []
        shared: dict[tuple[Edge, int], Any] = {}
        self._edges = met
        try:
            for pending, value in zip(edges, found, strict=True):
                same, told = (pending.edge, id(pending.branch)), len(self.collected_errors.errors)
                completed = shared.get(same) or self._complete(pending.branch, pending.edge.made(value), pending.path)
                if self.is_awaitable(completed):
                    late.append((pending, completed))
                    continue
                pending.results[pending.branch.response_name] = completed
                if len(self.collected_errors.errors) == told:
                    shared[same] = completed
        finally:
            self._edges = None
        return met

    def _fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path,
        grouped_field_set: Selection,
        position_context: Any,
    ) -> Any:
        plan = self._plans.get(id(grouped_field_set))
        if plan is None:
            plan = self._plans[id(grouped_field_set)] = make_plan(parent_type, grouped_field_set)
        results = plan.read(source_value)
        if results is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        waiting: dict[str, Awaitable[Any]] = {}
        try:
            for branch in plan.branches:
                here = Path(path, branch.response_name, parent_type.name)
                value = self._grow(branch, source_value, here)
                if type(value) is Edge and self._edges is not None:
                    self._edges.append(Pending(value, results, branch, here))
                else:
                    (waiting if self.is_awaitable(value) else results)[branch.response_name] = value
            if not plan.others:
                return filled(results, waiting) if waiting else results
            others = super().execute_fields(parent_type, source_value, path, plan.others, position_context)
        except Exception:
            self.settle_in_background(list(waiting.values()))
            raise
        return self._joined(results, waiting, others)

    def _grow(self, branch: Branch, source: Any, path: Path) -> Any:
        """Return the value of a field with objects in it, or what will give it, or the edge to it."""
        if branch.waits or (branch.takes_info and self._edges is None):
            return self._grown(branch, source, path)
        try:
            value = branch.read(source, self._info) if branch.takes_info else branch.read(source)
            if type(value) is Edge:
                return value
            completed = self._complete(branch, value, path)
        except Exception as error:  # noqa: BLE001 - whatever a field raises is told with its place
            return self.handle_field_error(error, branch.return_type, branch.details, path)
        return self._settled(branch, completed, path) if self.is_awaitable(completed) else completed

    async def _grown(self, branch: Branch, source: Any, path: Path) -> Any:
        try:
            value = branch.read(source, self._info)
            completed = self._complete(branch, await value if self.is_awaitable(value) else value, path)
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
        return listed(results, waiting) if waiting else list(results.values())

    def _joined(self, results: dict[str, Any], waiting: dict[str, Awaitable[Any]], others: Any) -> Any:
        if not self.is_awaitable(others):
            results.update(others)
            return filled(results, waiting) if waiting else results
        return merged(results, waiting, others)

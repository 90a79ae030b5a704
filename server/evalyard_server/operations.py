"""GraphQL operations, run for whoever asked, whichever way they came in."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from evalyard_core.domain.access import Actor
from evalyard_schema.errors import present
from evalyard_server.metrics import Metrics

READING: Final = frozenset({OperationType.QUERY})
READING_AND_WRITING: Final = READING | {OperationType.MUTATION}
EVERYTHING: Final = READING_AND_WRITING | {OperationType.SUBSCRIPTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """What a client wants executed."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class Operations:
    """Runs operations, each in a context of its own, and counts them."""

    def __init__(self, schema: BaseSchema, new_context: Callable[[Actor], object], metrics: Metrics) -> None:
        self._schema = schema
        self._new_context = new_context
        self._metrics = metrics

    async def execute(self, actor: Actor, request: GraphQLRequest, kinds: frozenset[OperationType]) -> ExecutionResult:
        """Run an operation of one of the `kinds`; raises Strawberry's InvalidOperationTypeError for another one."""
        allowed, begun = _Allowed(kinds), perf_counter()
        try:
            result = await self._schema.execute(
                request.query,
                variable_values=request.variables,
                context_value=self._new_context(actor),
                operation_name=request.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=request.extensions,
            )
        except (MissingQueryError, CannotGetOperationTypeError) as error:
            result = PreExecutionError(data=None, errors=[_as_graphql_error(error)])
        self._metrics.operation(allowed.kind, outcome_of(result), perf_counter() - begun)
        return _presented(result)

    async def stream(self, actor: Actor, request: GraphQLRequest) -> AsyncGenerator[ExecutionResult, None]:
        """Run an operation of any kind and yield its results."""
        allowed, begun = _Allowed(EVERYTHING), perf_counter()
        results = await self._schema.stream(
            request.query,
            variable_values=request.variables,
            context_value=self._new_context(actor),
            operation_name=request.operation_name,
            allowed_operation_types=allowed,
        )
        is_first = True
        async with contextlib.aclosing(results):
            async for result in results:
                if not isinstance(result, ExecutionResult):
                    raise TypeError("incremental delivery is not enabled")
                if is_first:
                    is_first = False
                    self._metrics.operation(allowed.kind, outcome_of(result), perf_counter() - begun)
                yield _presented(result)


def is_request_error(result: ExecutionResult) -> bool:
    """Tell whether nothing was executed: a field's error has a path, that of a request has none.

    GraphQL specification, section 7.1.2 (Errors).
    """
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def outcome_of(result: ExecutionResult) -> str:
    """Return how an operation ended, in a word for the metrics."""
    if not result.errors:
        return "ok"
    return "refused" if is_request_error(result) else "errors"


def _presented(result: ExecutionResult) -> ExecutionResult:
    if result.errors:
        result.errors = [present(error) for error in result.errors]
    return result


class _Allowed(frozenset[OperationType]):
    """The operation types that a request may have; remembers which one it had, since nothing else tells."""

    kind: str = "unknown"

    def __contains__(self, kind: object) -> bool:
        if isinstance(kind, OperationType):
            self.kind = kind.value
        return super().__contains__(kind)


def _as_graphql_error(error: MissingQueryError | CannotGetOperationTypeError) -> GraphQLError:
    if isinstance(error, MissingQueryError):
        message = "The query is empty; write an operation such as { viewer { name } }."
    elif error.operation_name is None:
        message = "The document has no operation; write one such as { viewer { name } }."
    else:
        message = f"The document has no operation {error.operation_name!r}; correct operationName."
    return GraphQLError(message, original_error=error)

"""Loaders of one's own for each operation."""

from collections.abc import Iterator

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from .context import Context


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

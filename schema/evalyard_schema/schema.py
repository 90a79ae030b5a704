"""The schema, put together."""

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from .documents import DocumentCache, Documents
from .errors import present
from .execution import Executor
from .mutations import MUTATIONS
from .own_loaders import OwnLoaders
from .queries import QUERIES
from .scalars import SCALARS
from .subscriptions import SUBSCRIPTIONS


class EvalyardSchema(strawberry.Schema):
    """A schema whose errors have codes."""

    def as_str(self) -> str:
        """Return the SDL, as it is kept in schema/schema.graphql."""
        return "".join(f"{line.rstrip()}\n" for line in super().as_str().splitlines())

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Replace each error by what the client is to be told; those that nobody foresaw are logged."""
        del execution_context
        errors[:] = [present(error) for error in errors]


def build_schema() -> EvalyardSchema:
    """Return the schema with a document cache of its own."""
    cache = DocumentCache()
    return EvalyardSchema(
        query=merge_types("Query", QUERIES),
        mutation=merge_types("Mutation", MUTATIONS),
        subscription=merge_types("Subscription", SUBSCRIPTIONS),
        extensions=[lambda: Documents(cache), OwnLoaders],
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


schema = build_schema()

"""Parsing and validating queries: within limits, and once for each text."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final, cast

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from evalyard_core.domain.errors import LimitExceeded

from . import limits

_MOST_KEPT: Final = 200
_LONGEST_KEPT: Final = 10_000
_AMBIGUOUS: Final = "This query has several operations; say in operationName which one is meant."


class DocumentCache:
    """The valid documents that were used last, by their text."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()

    def get(self, text: str) -> DocumentNode | None:
        """Return a document that was kept."""
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keep a valid document, unless its text is long."""
        if len(text) <= _LONGEST_KEPT:
            self._documents[text] = document
            if len(self._documents) > _MOST_KEPT:
                self._documents.popitem(last=False)


class Documents(SchemaExtension):
    """Takes documents out of the cache, and holds new ones to the limits before they are validated."""

    def __init__(self, cache: DocumentCache) -> None:
        super().__init__()
        self._cache = cache
        self._is_known = False

    def on_parse(self) -> Iterator[None]:
        """Leave nothing to parse where the text is known."""
        execution = self.execution_context
        options = cast("dict[str, Any]", execution.parse_options)
        options["max_lexical_tokens"] = limits.MOST_TOKENS
        options["max_comments"] = limits.MOST_COMMENTS
        options["max_source_length"] = limits.LONGEST_QUERY
        known = self._cache.get(execution.query) if execution.query else None
        if known is not None:
            execution.graphql_document = known
            self._is_known = True
        yield

    def on_validate(self) -> Iterator[None]:
        """Leave nothing to validate where the document is known, or too large to be looked at."""
        execution = self.execution_context
        document = execution.graphql_document
        if document is not None and self._is_ambiguous(document):
            execution.pre_execution_errors = [GraphQLError(_AMBIGUOUS)]
        elif self._is_known:
            execution.pre_execution_errors = []
        elif document is not None and (problem := limits.excess(document)):
            execution.pre_execution_errors = [GraphQLError(problem, original_error=LimitExceeded(problem))]
        yield
        if execution.query and document is not None and not self._is_known and not execution.pre_execution_errors:
            self._cache.keep(execution.query, document)

    def _is_ambiguous(self, document: DocumentNode) -> bool:
        """Tell whether nothing says which operation is meant; Strawberry would take the first.

        GraphQL specification, section 6.1 (Executing Requests).
        """
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        named = self.execution_context._provided_operation_name  # noqa: SLF001 - `operation_name` is never None
        return len(operations) > 1 and named is None

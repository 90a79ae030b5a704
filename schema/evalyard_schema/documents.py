"""Parsing and validating queries: within limits, and once for each text."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final, cast

from graphql import DocumentNode, GraphQLError
from strawberry.extensions import SchemaExtension

from . import limits

_MOST_KEPT: Final = 200
_LONGEST_KEPT: Final = 10_000


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
        if self._is_known:
            execution.pre_execution_errors = []
        elif document is not None and (problem := limits.excess(document)):
            execution.pre_execution_errors = [GraphQLError(problem, extensions={"code": "LIMIT_EXCEEDED"})]
        yield
        if execution.query and document is not None and not self._is_known and not execution.pre_execution_errors:
            self._cache.keep(execution.query, document)

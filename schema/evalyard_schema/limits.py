"""How large a query may be, and the sentence that says so."""

from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

MOST_TOKENS: Final = 5_000
MOST_COMMENTS: Final = 1_000
LONGEST_QUERY: Final = 1_000_000
MOST_LEVELS: Final = 15
MOST_ALIASES: Final = 30
MOST_ROOT_FIELDS: Final = 30


class _Size(NamedTuple):
    """How large a selection is, its fragments included; `fields` are those of its first level."""

    levels: int = 0
    aliases: int = 0
    fields: int = 0


def excess(document: DocumentNode) -> str | None:
    """Return why a document is too large, None where it is not."""
    sizes = _Sizes(document)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            size = sizes.of(operation.selection_set)
            for name, actual, most, remedy in (
                ("levels", size.levels, MOST_LEVELS, "ask for inner objects by their ids"),
                ("aliases", size.aliases, MOST_ALIASES, "send several queries, or use nodes(ids:)"),
                ("root fields", size.fields, MOST_ROOT_FIELDS, "send several queries"),
            ):
                if actual > most:
                    return f"This query has {actual:,} {name}, and at most {most} are allowed; {remedy}."
    return None


class _Sizes:
    """Measures the selections of a document, each fragment once: expanded, they could be endless."""

    def __init__(self, document: DocumentNode) -> None:
        definitions = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._fragments = {definition.name.value: definition for definition in definitions}
        self._measured: dict[str, _Size] = {}

    def of(self, selections: SelectionSetNode | None) -> _Size:
        """Return the size of a selection set."""
        sizes = [self._of_one(node) for node in selections.selections] if selections else []
        return _Size(
            levels=max((size.levels for size in sizes), default=0),
            aliases=sum(size.aliases for size in sizes),
            fields=sum(size.fields for size in sizes),
        )

    def _of_one(self, node: SelectionNode) -> _Size:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set)
        if not isinstance(node, FieldNode) or node.name.value.startswith("__"):
            return _Size(fields=1)  # introspection has its own limit, in validation
        inner = self.of(node.selection_set)
        return _Size(levels=1 + inner.levels, aliases=inner.aliases + (node.alias is not None), fields=1)

    def _of_fragment(self, name: str) -> _Size:
        if name not in self._measured:
            # An unknown fragment, and one inside itself, has no size; validation refuses both.
            self._measured[name] = _Size()
            definition = self._fragments.get(name)
            self._measured[name] = self.of(definition.selection_set) if definition else _Size()
        return self._measured[name]

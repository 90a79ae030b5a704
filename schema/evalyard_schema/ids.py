"""Global ids as Relay wants them: the base64 of `Type:raw id`, opaque to clients."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

import strawberry

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.ids import global_id, read_global_id
from evalyard_core.domain.limits import MOST_ITEMS_A_CALL, check_count

NodeType = Literal[
    "Annotation",
    "ApiKey",
    "Dataset",
    "DatasetItem",
    "Evaluator",
    "EvaluatorPlugin",
    "Monitor",
    "Project",
    "Record",
    "Run",
    "Schedule",
    "Score",
    "Span",
    "SpanScore",
    "System",
    "SystemVersion",
    "Trace",
]

#: Enough for the id of a score, which holds the score's name. The database refuses to look for what is much longer.
_LONGEST: Final = 2_000

_TYPES: Final[dict[str, NodeType]] = {name: name for name in get_args(NodeType)}


class NodeId(NamedTuple):
    """Which object an id stands for."""

    type: NodeType
    raw: str


def encode(node_type: NodeType, raw: str) -> strawberry.ID:
    """Return the global id of an object."""
    return strawberry.ID(global_id(node_type, raw))


def parse(value: str, *, field: str) -> NodeId:
    """Return what an id stands for, or refuse what is no id."""
    found = read_global_id(value)
    if found is None or found[0] not in _TYPES or len(value) > _LONGEST:
        raise BadInput("This is no id; pass one that the API returned.", field=field)
    name, raw = found
    return NodeId(_TYPES[name], raw)


def decode(value: str, wanted: NodeType, *, field: str) -> str:
    """Return the raw id in a global one, or refuse what is no id or the id of another type."""
    node = parse(value, field=field)
    if node.type != wanted:
        raise BadInput(f"This is the id of {_with_article(node.type)}; pass {_with_article(wanted)}'s.", field=field)
    return node.raw


def decode_given(value: str | None, wanted: NodeType, *, field: str) -> str | None:
    """Return the raw id in a global one, or None where none is given."""
    return None if value is None else decode(value, wanted, field=field)


def decode_many(values: Sequence[str], wanted: NodeType, *, field: str) -> list[str]:
    """Return the raw ids in global ones, or refuse one, by its place, or too many."""
    check_count(values, MOST_ITEMS_A_CALL, field=field)
    return [decode(value, wanted, field=f"{field}[{place}]") for place, value in enumerate(values)]


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIO' else 'a'} {noun}"

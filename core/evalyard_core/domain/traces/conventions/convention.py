"""What a convention is: a table of the attributes that say something, and of what they say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from evalyard_core.domain.traces.spans import SpanKind

from .sources import Source

#: Names of attributes, the one to be believed first in front.
Names: TypeAlias = tuple[str, ...]
#: Places to read from by the kind of span; those of None are for spans of every kind, after their kind's own.
Sources: TypeAlias = Mapping[SpanKind | None, tuple[Source, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How one convention names what a span means.

    `kinds` tells kinds by the values of attributes, in lower case; `marks` by an attribute's being there. `costs` are
    names whose amounts together are the cost. `tool` names the tool that a span of the kind TOOL carried out.
    """

    kinds: Mapping[str, Mapping[str, SpanKind]] = field(default_factory=dict)
    marks: Mapping[str, SpanKind] = field(default_factory=dict)
    inputs: Sources = field(default_factory=dict)
    outputs: Sources = field(default_factory=dict)
    models: Names = ()
    providers: Names = ()
    prompt_tokens: Names = ()
    completion_tokens: Names = ()
    cached_tokens: Names = ()
    reasoning_tokens: Names = ()
    costs: tuple[Names, ...] = ()
    sessions: Names = ()
    users: Names = ()
    tags: Names = ()
    tools: Names = ()

"""How the spans of a trace hang together, whatever was sent of it."""

from collections.abc import Sequence
from typing import NamedTuple

from .spans import Span, SpanKind


class Step(NamedTuple):
    """What tells where a span stands in its trace."""

    span_id: str
    parent_span_id: str | None
    start_ns: int
    end_ns: int
    kind: SpanKind


def step_of(span: Span) -> Step:
    """Return where a span stands."""
    received = span.received
    return Step(received.span_id, received.parent_span_id, received.start_ns, received.end_ns, span.meaning.kind)


def parents_of(steps: Sequence[Step]) -> list[int | None]:
    """Return the place of each span's parent among `steps`, None for a root.

    A span whose parent is not there is a root as long as that is so. Where spans name each other as parents in a
    circle, the one that began first is the root of the others.
    """
    places = {step.span_id: place for place, step in enumerate(steps)}
    parents = [places.get(step.parent_span_id or "") for step in steps]
    for circle in _circles(parents):
        parents[min(circle, key=lambda place: (steps[place].start_ns, place))] = None
    return parents


def root_place(steps: Sequence[Step]) -> int | None:
    """Return the place of the root: of several the one that has no parent at all, then the one that began first.

    A trace without spans has none.
    """
    roots = [place for place, parent in enumerate(parents_of(steps)) if parent is None]
    return min(
        roots,
        key=lambda place: (steps[place].parent_span_id is not None, steps[place].start_ns, steps[place].span_id),
        default=None,
    )


def from_the_roots(parents: Sequence[int | None]) -> list[int]:
    """Return all places in an order in which each stands behind its parent's."""
    children: list[list[int]] = [[] for _ in parents]
    order: list[int] = []
    for place, parent in enumerate(parents):
        (order if parent is None else children[parent]).append(place)
    for place in order:  # grows while it is read
        order.extend(children[place])
    return order


def _circles(parents: Sequence[int | None]) -> list[list[int]]:
    """Return the places that are on each circle."""
    circles = []
    seen_from: dict[int, int] = {}
    for begin in range(len(parents)):
        path: list[int] = []
        place: int | None = begin
        while place is not None and place not in seen_from:
            seen_from[place] = begin
            path.append(place)
            place = parents[place]
        if place is not None and seen_from[place] == begin:
            circles.append(path[path.index(place) :])
    return circles

"""How the spans of a trace hang together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.traces.spans import SpanKind
from evalyard_core.domain.traces.tree import Step, from_the_roots, parents_of, root_place
from tests.fixtures.core import QUICK


def tree(**parents: str | None) -> list[Step]:
    return [Step(name, parent, begin, 10, SpanKind.UNKNOWN) for begin, (name, parent) in enumerate(parents.items())]


@pytest.mark.parametrize(
    ("steps", "parents", "root"),
    [
        ([], [], None),
        (tree(a=None), [None], 0),
        (tree(a=None, b="a", c="b"), [None, 0, 1], 0),
        (tree(c="b", b="a", a=None), [1, 2, None], 2),
        (tree(b="lost", a=None), [None, None], 1),
        (tree(b="lost", c="b"), [None, 0], 0),
        (tree(a=None, b=None), [None, None], 0),
        (tree(a="a"), [None], 0),
        (tree(a="b", b="a", c="b"), [None, 0, 1], 0),
        (tree(x="y", y="z", z="y"), [1, None, 1], 1),
    ],
    ids=["none", "one", "in order", "children first", "orphan", "orphans", "two roots", "own parent", "circle", "tail"],
)
def test_spans_find_their_parents_and_the_trace_its_root(steps, parents, root):
    assert parents_of(steps) == parents
    assert root_place(steps) == root


@QUICK
@given(st.lists(st.none() | st.integers(0, 11), max_size=12))
def test_whatever_is_named_as_parents_every_span_is_reached_once_and_after_its_parent(named):
    parents = parents_of(tree(**{f"s{place}": f"s{parent}" for place, parent in enumerate(named)}))
    order = from_the_roots(parents)
    assert sorted(order) == list(range(len(named)))
    ranks = {place: rank for rank, place in enumerate(order)}
    assert all(parent is None or ranks[parent] < ranks[place] for place, parent in enumerate(parents))

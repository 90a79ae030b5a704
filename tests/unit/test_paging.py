"""Pages of lists that were worked out in memory."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput
from evalyard_core.services.paging import page_of, ranked_page
from evalyard_core.storage.pages import Order, write_cursor
from tests.fixtures.core import QUICK, refusal_of

ENTRIES = st.lists(st.text("abcdef", min_size=1), unique=True)
RANKED = st.lists(st.tuples(st.integers(0, 3), st.text("abc", max_size=2)), unique=True)


def ranks(entries: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    return sorted(entries, reverse=True)


@QUICK
@given(ENTRIES, st.integers(1, 4), st.sampled_from("abcdef"))
def test_pages_hold_each_wanted_entry_once_and_in_order(entries: list[str], first: int, letter: str):
    found: list[str] = []
    after, more = None, True
    while more and len(found) <= len(entries):
        page = page_of(entries, str, first=first, after=after, wanted=lambda entry: letter in entry)
        assert len(page.items) == len(page.cursors) <= first
        assert page.has_previous is (after is not None)
        found += page.items
        after, more = (page.cursors or [None])[-1], page.has_next
    assert found == [entry for entry in entries if letter in entry]


def test_a_cursor_is_good_whatever_is_wanted():
    page = page_of("abcdef", str, first=2, after=None)
    assert page_of("abcdef", str, first=9, after=page.cursors[-1], wanted=lambda entry: entry in "afd").items == [
        "d",
        "f",
    ]


def test_a_cursor_of_another_list_is_refused():
    cursor = page_of("abc", str, first=1, after=None).cursors[0]
    refused = refusal_of(lambda: page_of("bc", str, first=1, after=cursor))
    assert isinstance(refused, BadInput)
    assert (refused.field, refused.message) == ("after", "This cursor is of another list; start again without one.")
    of_ranks = ranked_page([(1, "a")], lambda entry: entry, first=1, after=None).cursors[0]
    assert isinstance(refusal_of(lambda: page_of("abc", str, first=1, after=of_ranks)), BadInput)


@pytest.mark.parametrize("rank", [None, "1"])
def test_a_made_up_cursor_without_a_number_is_refused_by_ranked_lists(rank: str | None):
    cursor = write_cursor(rank, "a", Order("rank", descending=True))
    refused = refusal_of(lambda: ranked_page([(1, "a")], lambda entry: entry, first=1, after=cursor))
    assert isinstance(refused, BadInput)
    assert refused.field == "after"


@QUICK
@given(RANKED, st.integers(1, 4))
def test_ranked_pages_hold_each_entry_once_the_highest_first(entries: list[tuple[int, str]], first: int):
    found: list[tuple[int, str]] = []
    after, more = None, True
    while more and len(found) <= len(entries):
        page = ranked_page(ranks(entries), lambda entry: entry, first=first, after=after)
        found += page.items
        after, more = (page.cursors or [None])[-1], page.has_next
    assert found == ranks(entries)


@pytest.mark.parametrize("others", [[], [(9, "new")], [(0, "new")]])
def test_ranked_pages_go_on_below_the_cursor_whatever_came_or_went(others: list[tuple[int, str]]):
    after = ranked_page([(3, "a"), (2, "b"), (1, "c")], lambda entry: entry, first=2, after=None).cursors[-1]
    now = ranks([(3, "a"), (1, "c"), *others])
    page = ranked_page(now, lambda entry: entry, first=9, after=after)
    assert page.items == [entry for entry in now if entry < (2, "b")]


def test_entries_that_are_gone_fall_out_of_a_page_with_their_cursors():
    page = page_of("abc", str, first=3, after=None)
    there = page.with_items([1, None, 3])
    assert (there.items, there.cursors) == ([1, 3], [page.cursors[0], page.cursors[2]])

"""What records can share of their metadata."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.facets import facet, facets_of, read_facet
from tests.fixtures.core import QUICK


def test_plain_values_at_the_top_are_facets():
    metadata = {"lang": "de", "level": 2, "cost": 0.5, "hard": True, "none": None, "list": [1], "object": {"a": 1}}
    assert facets_of(metadata) == ['["lang","de"]', '["level",2]', '["cost",0.5]', '["hard",true]']


@pytest.mark.parametrize("metadata", [None, [], "de", 1, [{"lang": "de"}], {}])
def test_metadata_that_is_no_object_has_no_facets(metadata: Any):
    assert facets_of(metadata) == []


def test_long_texts_are_no_facets_and_fifty_are_enough():
    assert facets_of({"a": "x" * 200, "b": "x" * 201, "c" * 201: 1}) == [facet("a", "x" * 200)]
    assert facets_of({str(n): n for n in range(60)}) == [facet(str(n), n) for n in range(50)]


def test_whole_numbers_are_the_same_however_they_are_written():
    assert facet("n", 1.0) == facet("n", 1) != facet("n", True)
    assert facet("n", 1e300) != facet("n", 1e301)


@QUICK
@given(st.text(max_size=20), st.text(max_size=20) | st.booleans() | st.integers(-(2**53), 2**53) | st.just(0.25))
def test_a_facet_tells_what_it_stands_for(key: str, value: Any):
    assert read_facet(facet(key, value)) == (key, value)

"""The operations of the example for front ends fit the schema."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text())
SOURCE = (ROOT / "examples" / "frontend" / "src" / "operations.ts").read_text()
OPERATIONS = re.findall(r"text: `(.*?)`", SOURCE, re.DOTALL)


def test_there_are_operations():
    assert len(OPERATIONS) == SOURCE.count("Operation<") - 1 == 2


@pytest.mark.parametrize("text", OPERATIONS)
def test_an_operation_fits(text: str):
    assert validate(SCHEMA, parse(text)) == []


def test_the_states_of_a_run_are_all_named():
    said = re.search(r"type RunStatus = (.*);", SOURCE)
    assert said is not None
    assert set(re.findall(r"\w+", said[1])) == set(SCHEMA.type_map["RunStatus"].values)

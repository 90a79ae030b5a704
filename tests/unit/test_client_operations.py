"""What the client sends fits the schema."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from evalyard.client import _operations

SCHEMA = build_schema(Path("schema/schema.graphql").read_text())
OPERATIONS = {name: text for name, text in vars(_operations).items() if name.isupper() and not name.startswith("_")}


def test_there_are_operations():
    assert len(OPERATIONS) > 15


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_fits(name: str):
    assert validate(SCHEMA, parse(OPERATIONS[name])) == []

"""What the client and the command line send fits the schema."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from evalyard.cli.operations import account, datasets, evaluators, gates, runs, systems
from evalyard.client import _operations

SCHEMA = build_schema(Path("schema/schema.graphql").read_text())
MODULES = (_operations, account, datasets, evaluators, gates, runs, systems)
OPERATIONS = {
    f"{module.__name__}.{name}": text
    for module in MODULES
    for name, text in vars(module).items()
    if name.isupper() and not name.startswith("_") and "{" in text and name != "PROGRESS"
} | {"client.PROGRESS": _operations.PROGRESS}


def test_there_are_operations():
    assert len(OPERATIONS) > 40


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_fits(name: str):
    assert validate(SCHEMA, parse(OPERATIONS[name])) == []

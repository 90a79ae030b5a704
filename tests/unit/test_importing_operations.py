"""What an import sends fits the schema."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from evalyard.importing._destination import CREATE_DATASET
from evalyard.importing._sending import ADD_ITEMS

SCHEMA = build_schema((Path(__file__).parents[2] / "schema" / "schema.graphql").read_text())


@pytest.mark.parametrize("text", [CREATE_DATASET, ADD_ITEMS])
def test_an_operation_fits(text: str):
    assert validate(SCHEMA, parse(text)) == []

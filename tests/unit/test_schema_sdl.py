"""The committed copy of the schema, and what must be said of every part of it."""

from pathlib import Path

import pytest
from graphql import GraphQLNamedType, build_schema, is_enum_type, is_input_object_type, is_object_type, is_specified_scalar_type
from graphql.utilities import find_schema_changes

from evalyard_schema.schema import schema

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
TYPES = [kind for kind in schema._schema.type_map.values() if not kind.name.startswith("__")]


def test_the_committed_schema_is_the_one_that_is_served():
    assert COMMITTED.read_text() == schema.as_str(), "run: python -m evalyard_schema > schema/schema.graphql"

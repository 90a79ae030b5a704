"""The committed copy of the schema, and what every part of it must have."""

from importlib.metadata import entry_points
from pathlib import Path

from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema
from typer.testing import CliRunner

from evalyard.cli._commands import GROUP, build_app
from evalyard_schema.schema import schema

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
TYPES = {name: kind for name, kind in schema._schema.type_map.items() if not name.startswith("__")}
ROOTS = {"Query", "Mutation", "Subscription"}


def test_the_committed_schema_is_the_one_that_is_served():
    assert COMMITTED.read_text() == schema.as_str(), "write it anew: python -m evalyard_schema > schema/schema.graphql"


def test_a_release_prints_its_schema():
    done = CliRunner().invoke(build_app(entry_points(group=GROUP), ["schema"]), ["schema"])
    assert (done.exit_code, done.stdout) == (0, COMMITTED.read_text())


def test_the_committed_schema_can_be_read():
    read = build_schema(COMMITTED.read_text())
    assert {name for name in read.type_map if not name.startswith("__")} == set(TYPES)


def test_each_type_and_each_root_field_has_a_description():
    without = [name for name, kind in TYPES.items() if not kind.description and name not in ROOTS]
    without += [
        f"{root}.{name}" for root in ROOTS for name, field in TYPES[root].fields.items() if not field.description
    ]
    assert without == []


def test_each_connection_has_the_one_shape():
    connections = [name for name in TYPES if name.endswith("Connection")]
    assert len(connections) == 18
    for name in connections:
        node = name.removesuffix("Connection")
        assert {field: str(entry.type) for field, entry in TYPES[name].fields.items()} == {
            "edges": f"[{node}Edge!]!",
            "pageInfo": "PageInfo!",
            "totalCount": "Int!",
        }
        edge = {field: str(entry.type) for field, entry in TYPES[f"{node}Edge"].fields.items()}
        assert edge == {"cursor": "String!", "node": f"{node}!"}


def test_each_list_that_can_be_long_is_a_connection_of_twenty_unless_asked():
    paged = {
        f"{kind.name}.{name}": field
        for kind in TYPES.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if str(field.type).endswith("Connection!")
    }
    assert len(paged) == 29
    for name, field in paged.items():
        assert str(field.args["first"].type) == "Int", name
        # A trace is opened with many spans at once.
        assert field.args["first"].default_value == (100 if name == "Trace.spans" else 20), name
        assert str(field.args["after"].type) == "String", name


def test_each_type_with_an_id_is_a_node():
    node = TYPES["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    with_id = {name for name, kind in TYPES.items() if isinstance(kind, GraphQLObjectType) and "id" in kind.fields}
    assert with_id == {kind.name for kind in schema._schema.get_possible_types(node)}

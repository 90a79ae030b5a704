"""Rules that every part of the schema keeps."""

import ast
from pathlib import Path

import pytest

import evalyard_schema
from evalyard_schema.schema import schema
from tests.fixtures.rules import MUTATIONS, OBJECTS, OPEN

PACKAGE = Path(evalyard_schema.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
RESOLVERS = [
    path for path in MODULES if path.parent.name in {"types", "queries", "mutations", "subscriptions", "inputs"}
]


def root_fields() -> set[str]:
    graphql_schema = schema._schema
    roots = (graphql_schema.query_type, graphql_schema.mutation_type, graphql_schema.subscription_type)
    return {name for root in roots if root for name in root.fields}


def test_each_root_field_is_entered_with_the_role_that_it_needs():
    """The integration tests try each of them with keys that lack it."""
    entered = [*MUTATIONS, *OBJECTS, *OPEN]
    assert sorted(entered) == sorted(root_fields())
    assert all(OPEN.values())


def test_each_mutation_answers_with_something():
    mutation = schema._schema.mutation_type
    assert mutation is not None
    assert [name for name, field in mutation.fields.items() if not str(field.type).endswith("!")] == []


def test_each_query_by_id_may_be_null():
    query = schema._schema.query_type
    assert query is not None
    by_id = {name: str(field.type) for name, field in query.fields.items() if "id" in field.args}
    assert by_id == {
        "node": "Node",
        "project": "Project",
        "dataset": "Dataset",
        "evaluator": "Evaluator",
        "system": "System",
        "run": "Run",
        "record": "Record",
        "trace": "Trace",
    }


@pytest.mark.parametrize("path", RESOLVERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_resolver_never_touches_the_store(path: Path):
    tree = ast.parse(path.read_text())
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "store"]


@pytest.mark.parametrize("path", RESOLVERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_unchecked_loaders_follow_stored_ids_only(path: Path):
    """A root field, which takes ids from clients, reads through `visible`, `lists` and the services."""
    if path.parent.name == "types":
        return
    unchecked = {"projects", "datasets", "items", "present_items", "evaluators", "systems", "system_versions"}
    unchecked |= {
        "schedules",
        "monitors",
        "runs",
        "records",
        "cases",
        "failure_groups",
        "previous_runs",
        "traces",
        "latency_breakdowns",
    }
    tree = ast.parse(path.read_text())
    used = {
        node.attr
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "loaders")
        or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "loaders")
    }
    assert used & unchecked == set()


def test_no_module_is_long():
    lengths = {path.name: len(path.read_text().splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 200} == {}

"""What a client is told when something is refused or fails."""

import re

import pytest
import structlog
from graphql import GraphQLError, parse
from strawberry.types.execution import PreExecutionError

from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Unauthenticated
from evalyard_schema.errors import present
from evalyard_schema.schema import schema
from tests.fixtures.asking import refused

NODE = parse("{ a }").definitions[0]


@pytest.mark.parametrize(
    ("refusal", "extensions"),
    [
        (Unauthenticated("No."), {"code": "UNAUTHENTICATED"}),
        (Forbidden("No."), {"code": "FORBIDDEN"}),
        (NotFound("No.", field="runId"), {"code": "NOT_FOUND", "field": "runId"}),
        (NotFound("No."), {"code": "NOT_FOUND"}),
        (BadInput("No.", field="input.name"), {"code": "BAD_USER_INPUT", "field": "input.name"}),
        (Conflict("No."), {"code": "CONFLICT"}),
        (LimitExceeded("No.", field="items"), {"code": "LIMIT_EXCEEDED", "field": "items"}),
    ],
)
def test_a_refusal_keeps_its_code_its_field_and_its_sentence(refusal: Exception, extensions: dict[str, str]):
    shown = present(GraphQLError("wrapped", [NODE], path=["run"], original_error=refusal))
    assert (shown.message, shown.extensions, shown.path) == ("No.", extensions, ["run"])
    assert shown.locations is not None
    assert present(shown) is shown


def test_a_refusal_that_was_wrapped_twice_is_found():
    inner = GraphQLError("x", original_error=Conflict("No."))
    assert present(GraphQLError("y", path=["a"], original_error=inner)).extensions == {"code": "CONFLICT"}


@pytest.mark.parametrize("path", [["run", "dataset"], None])
def test_what_nobody_foresaw_is_logged_and_masked(path: list[str] | None):
    secret = ValueError("mongodb://user:password@host")
    with structlog.testing.capture_logs() as logs:
        shown = present(GraphQLError(str(secret), [NODE], path=path, original_error=secret))
    [line] = logs
    assert line["log_level"] == "error"
    assert line["exc_info"] is secret
    assert line["path"] == path
    assert re.fullmatch(r"[0-9a-f]{8}", line["id"])
    assert shown.message == f"Something went wrong on our side; it was logged as {line['id']}."
    assert shown.extensions == {"code": "INTERNAL"}
    assert shown.original_error is None
    assert "password" not in str(shown.formatted)


def test_a_refusal_is_not_logged():
    with structlog.testing.capture_logs() as logs:
        present(GraphQLError("No.", original_error=Conflict("No."), path=["a"]))
    assert logs == []


def test_a_missing_value_that_the_schema_promises_is_ours():
    error = GraphQLError("Cannot return null for non-nullable field.", path=["a"], original_error=TypeError("x"))
    with structlog.testing.capture_logs():
        assert present(error).extensions == {"code": "INTERNAL"}


@pytest.mark.parametrize(
    ("query", "variables", "field", "sentence"),
    [
        ("{", {}, "query", "Syntax Error: Expected Name, found <EOF>."),
        ("{ nothing }", {}, "query", "Cannot query field 'nothing' on type 'Query'."),
        ("{ run(id: 1.5) { id } }", {}, "query", "ID cannot represent"),
        ("query($id: ID!) { run(id: $id) { id } }", {}, "id", "Variable '$id' has invalid value"),
        ("query($id: ID!) { run(id: $id) { id } }", {"id": {"a": 1}}, "id", "Variable '$id' has invalid value"),
        (
            "mutation($input: StartRunInput!) { startRun(input: $input) { id } }",
            {"input": {"projectId": "x", "trials": "many"}},
            "input.trials",
            "Variable '$input' has invalid value at .trials: Int cannot represent",
        ),
        (
            "mutation($input: StartRunInput!) { startRun(input: $input) { id } }",
            {"input": {"projectId": "x", "evaluatorIds": ["a", ["b"]]}},
            "input.evaluatorIds[1]",
            "Variable '$input' has invalid value at .evaluatorIds[1]",
        ),
        (
            "mutation($input: StartRunInput!) { startRun(input: $input) { id } }",
            {"input": {"projectId": "x", "nonsense": 1}},
            "input",
            "nonsense",
        ),
        (
            'query($after: DateTime) { project(name: "x") { runs(filter: {startedAfter: $after}) { totalCount } } }',
            {"after": "yesterday"},
            "after",
            "A DateTime is an RFC 3339 text",
        ),
        ("query a { viewer { name } } query b { viewer { name } }", {}, "query", "several operations"),
    ],
)
async def test_a_request_that_can_not_be_executed_says_where(
    query: str, variables: dict[str, object], field: str, sentence: str
):
    result = await schema.execute(query, variable_values=variables)
    assert result.errors is not None
    first = refused(result.errors[0])
    assert (first.code, first.field) == ("BAD_USER_INPUT", field)
    assert sentence in first.message


async def test_each_error_of_a_request_has_a_code():
    result = await schema.execute("{ a b c viewer }")
    assert isinstance(result, PreExecutionError)
    assert result.errors is not None
    assert [refused(error).code for error in result.errors] == ["BAD_USER_INPUT"] * 4

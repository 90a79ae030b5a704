"""JSON Schemas of inputs and of plugin configs."""

from typing import Any

import pytest

from evalyard_core.domain.datasets import ValidationError
from evalyard_core.domain.errors import BadInput, LimitExceeded, Refusal
from evalyard_core.services.schemas import check_config, check_schema, violations

SCHEMA = {
    "type": "object",
    "properties": {
        "question": {"type": "string"},
        "options": {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}},
    },
    "required": ["question"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"question": "why?"}, []),
        ({"question": 7}, [("$.question", "7 is not of type 'string'")]),
        ({}, [("$", "'question' is a required property")]),
        ([], [("$", "[] is not of type 'object'")]),
        (
            {"question": "why?", "options": [{"text": "a"}, {"text": 2}]},
            [("$.options[1].text", "2 is not of type 'string'")],
        ),
    ],
)
def test_violations_say_where_and_what(value: Any, problems: list[tuple[str, str]]):
    assert violations(SCHEMA, value) == tuple(ValidationError(path=path, message=said) for path, said in problems)


def test_the_first_twenty_violations_are_said():
    schema = {"type": "array", "items": {"type": "string"}}
    assert len(violations(schema, list(range(30)))) == 20
    assert violations(None, object()) == ()


def test_a_reference_out_of_the_schema_is_said_and_never_fetched():
    [problem] = violations({"$ref": "http://127.0.0.1:1/schema.json"}, {})
    assert problem.path == "$"
    assert "refers to what is not in it" in problem.message
    assert violations({"$ref": "#/$defs/name", "$defs": {"name": {"type": "string"}}}, "x") == ()


@pytest.mark.parametrize(
    ("schema", "kind", "said"),
    [
        ({"type": "nonsense"}, BadInput, "no JSON Schema"),
        ({"properties": {"a": {"minLength": -1}}}, BadInput, r"\$.properties.a.minLength"),
        ({"$schema": 7}, BadInput, "a text"),
        ([], BadInput, "an object"),
        ("string", BadInput, "an object"),
        (True, BadInput, "an object"),
        ({"pattern": "("}, BadInput, "no JSON Schema"),
        ({"description": "x" * 1_000_000}, LimitExceeded, "1,000,000 bytes"),
    ],
)
def test_what_is_no_schema_is_refused(schema: Any, kind: type[Refusal], said: str):
    with pytest.raises(kind, match=said) as refused:
        check_schema(schema, field="input.inputSchema")
    assert refused.value.field == "input.inputSchema"


def test_a_schema_of_any_draft_comes_back_as_it_was():
    for schema in (None, {}, SCHEMA, {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}):
        assert check_schema(schema, field="input.inputSchema") == schema


def test_a_config_is_refused_at_the_part_at_fault():
    with pytest.raises(BadInput, match=r"config.options\[1\].text: 2 is not of type 'string'") as refused:
        check_config(SCHEMA, {"question": "why?", "options": [{}, {"text": 2}]}, field="input.config")
    assert refused.value.field == "input.config.options[1].text"
    check_config(SCHEMA, {"question": "why?"}, field="input.config")

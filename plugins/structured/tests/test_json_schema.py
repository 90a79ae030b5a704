import json
import math
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest
from pydantic import ValidationError

from evalyard import EvaluationError
from evalyard_structured import JsonSchema, JsonSchemaConfig

# The product of json-schema.org's "Creating your first schema".
PRODUCT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.com/product.schema.json",
    "title": "Product",
    "type": "object",
    "properties": {
        "productId": {"type": "integer"},
        "productName": {"type": "string"},
        "price": {"type": "number", "exclusiveMinimum": 0},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
    },
    "required": ["productId", "productName", "price"],
}
DOOR = {"productId": 1, "productName": "A green door", "price": 12.50, "tags": ["home", "green"]}


def _score(output, schema=PRODUCT, **config):
    return JsonSchema(JsonSchemaConfig(json_schema=schema, **config)).evaluate(output=output)


@pytest.mark.parametrize(
    "output",
    [
        DOOR,
        json.dumps(DOOR),
        f"```json\n{json.dumps(DOOR, indent=2)}\n```",
        f"  ```\n{json.dumps(DOOR)}\n```\n",
        {**DOOR, "price": 12, "productId": 1.0},
    ],
)
def test_a_valid_output_passes(output):
    score = _score(output)
    assert score.value is True
    assert score.explanation == "The output is valid."


@pytest.mark.parametrize(
    ("output", "explanation"),
    [
        ({**DOOR, "price": 0}, "at $.price 0 is less than or equal to the minimum of 0."),
        (
            {**DOOR, "tags": ["a", 1, "a"]},
            "at $.tags ['a', 1, 'a'] has non-unique elements; at $.tags[1] 1 is not of type 'string'.",
        ),
        ([], "at $ [] is not of type 'object'."),
        ({"price": 1}, "at $ 'productId' is a required property; at $ 'productName' is a required property."),
        (
            {"price": 0, "tags": [], "productId": "1"},
            (
                "at $ 'productName' is a required property; at $.price 0 is less than or equal to the minimum of 0; "
                "at $.productId '1' is not of type 'integer'; and 1 more."
            ),
        ),
    ],
)
def test_the_first_errors_are_told_with_their_places(output, explanation):
    score = _score(output)
    assert score.value is False
    assert score.explanation == f"The output breaks the schema: {explanation}"


@pytest.mark.parametrize(
    ("output", "explanation"),
    [
        (None, "The system gave no output."),
        ("Sure! Here it is.", "The output is no JSON: Expecting value: line 1 column 1 (char 0)."),
        ('{"productId": 1 "price": 2}', "The output is no JSON: Expecting ',' delimiter"),
        ('{"price": NaN}', "The output is no JSON: NaN is no JSON."),
        ("[" * 100_000, "The output is no JSON: it is nested too deep."),
        ("1" * 5_000, "The output is no JSON: Exceeds the limit"),
        ("", "The output is no JSON: Expecting value"),
    ],
)
def test_what_is_no_json_fails_with_the_reason(output, explanation):
    score = _score(output)
    assert score.value is False
    assert score.explanation.startswith(explanation)


def test_a_text_can_be_taken_as_it_is():
    assert _score('{"a": 1}', {"type": "string"}, parse_text=False).value is True
    assert _score('{"a": 1}', {"type": "string"}).value is False
    assert _score("null", {"type": "null"}).value is True


def test_formats_are_checked_on_demand():
    schema = {"format": "ipv4"}
    assert _score('"300.1.1.1"', schema).value is True
    score = _score('"300.1.1.1"', schema, check_formats=True)
    assert score.explanation == "The output breaks the schema: at $ '300.1.1.1' is not a 'ipv4'."


def test_the_draft_is_the_one_that_the_schema_names():
    """Draft 4 has exclusiveMinimum as a boolean, beside minimum."""
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 0, "exclusiveMinimum": True}
    assert _score(0, schema).value is False
    assert _score(1, schema).value is True


def test_the_number_of_errors_told_is_as_asked_for_and_each_is_short():
    score = _score(["x" * 500] * 3_000, {"items": {"type": "integer"}}, most_errors=1)
    assert score.explanation.startswith("The output breaks the schema: at $[0] 'xxxx")
    assert score.explanation.endswith("xxx' is not of type 'integer'; and 999 more at least.")
    assert len(score.explanation) < 300


@pytest.mark.parametrize("output", [0, True, math.nan, "\ud800", {"": {"\x00": None}}, [[[[]]]], "é" * 1_000_000])
def test_hostile_values_are_judged(output):
    assert _score(output).value is False


class _Schemas(BaseHTTPRequestHandler):
    """Serves a schema that anything fits, and notes who asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format, *args):
        """Keep the tests' output clean."""


@pytest.mark.filterwarnings("ignore:Automatically retrieving remote references")
def test_nothing_is_fetched():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Schemas) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(EvaluationError, match=r"refers to what is not in it: .*other\.json.* Put it under \$defs"):
            _score({}, {"$ref": f"http://127.0.0.1:{server.server_port}/other.json"})
        server.shutdown()
    assert _Schemas.asked == []


def test_references_within_the_schema_are_followed():
    assert _score(1, {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}).value is True


def test_endless_recursion_is_an_error():
    with pytest.raises(EvaluationError, match="nested too deep"):
        _score({}, {"$ref": "#"})


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, "json_schema"),
        ({"json_schema": {"type": "text"}}, "json_schema"),
        ({"json_schema": {"$schema": 1}}, "json_schema"),
        ({"json_schema": "object"}, "json_schema"),
        ({"json_schema": {}, "most_errors": 0}, "most_errors"),
        ({"json_schema": {}, "schema": {}}, "schema"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        JsonSchemaConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_a_wrong_schema_is_explained():
    with pytest.raises(ValidationError, match=r"this is no JSON Schema: 'text' is not valid .* at \$\.type"):
        JsonSchemaConfig(json_schema={"type": "text"})

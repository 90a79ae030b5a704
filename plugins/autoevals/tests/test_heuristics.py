"""The figures are those of autoevals' own tests (test_values.py, test_json.py and number.py of autoevals 0.4.1)."""

import sys
import time

import autoevals
import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_autoevals import ExactMatch, JSONDiff, Levenshtein, ListContains, NumericDiff, ValidJSON


def score(kind, output, expected, **config):
    return kind(kind.Config.model_validate(config)).evaluate(output=output, expected=expected)


@pytest.mark.parametrize(
    ("kind", "output", "expected", "value"),
    [
        (Levenshtein, "", "a", 0),
        (Levenshtein, "ab", "ac", 0.5),
        (Levenshtein, "abc", "axc", 0.66667),
        (Levenshtein, "xabxcdxxefxgx", "1ab2cd34ef5g6", 0.53846),
        (NumericDiff, 0, 0, 1),
        (NumericDiff, 0, 1, 0),
        (NumericDiff, 1, 2, 0.66667),
        (NumericDiff, -1, 2, 0),
        (NumericDiff, 105, 100, 0.97561),
        (JSONDiff, {"a": 1}, {"a": 2}, 0.66667),
        (JSONDiff, {"a": 1}, ["a", 1], 0.57143),
        (JSONDiff, {"mapping": {"a": "foo", "b": "bar"}}, {"mapping": {"a": "Foo", "b": "Bar"}, "Extra": 5}, 0.33333),
        (ListContains, [], [], 1),
        (ListContains, ["a"], ["a", "b"], 0.5),
        (ListContains, ["a", "b"], ["a"], 0.5),
        (ExactMatch, 123, "123", 1),
        (ExactMatch, {"a": 1}, {"a": 1}, 1),
        (ExactMatch, [1, 2], "[1, 2]", 1),
        (ExactMatch, [1, 2], [2, 1], 0),
    ],
)
def test_scores_are_autoevals_own(kind, output, expected, value):
    given = score(kind, output, expected)
    assert given.value == pytest.approx(value, abs=1e-5)
    assert type(given.value) is float
    assert given.value == getattr(autoevals, kind.__name__)()(output, expected).score


@pytest.mark.parametrize(
    ("output", "schema", "value"),
    [
        ("1", None, 0),
        ('{ "a": 1, "b": "hello" }', None, 1),
        ('[{ "a": 1 }', None, 0),
        ({"a": 1}, None, 1),
        ('{"a": "1"}', {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, 1),
        ('{"a": "1", "b": "1"}', {"type": "object", "properties": {"b": {"type": "number"}}}, 0),
        ("7", {"type": "number"}, 1),
    ],
)
def test_json_is_valid_by_a_schema_or_without(output, schema, value):
    given = ValidJSON(ValidJSON.Config(json_schema=schema)).evaluate(output=output)
    assert given.value == value


def test_options_reach_autoevals():
    assert score(JSONDiff, '{"a": 1}', '{ "a": 1 }').value == 1.0
    assert score(JSONDiff, '{"a": 1}', '{ "a": 1 }', preserve_strings=True).value == 0.8
    assert score(ListContains, ["a", "b"], ["a"], allow_extra_entities=True).value == 1.0


def test_what_was_compared_is_shown():
    assert score(Levenshtein, {"b": 1, "a": "ä"}, "x").explanation == (
        'The output is {"a": "ä", "b": 1}, expected was "x".'
    )
    assert score(ListContains, ["a"], ["a", "b"]).metadata == {"pairs": [["a", "a", 1]]}


@pytest.mark.parametrize("kind", [Levenshtein, ExactMatch, NumericDiff, JSONDiff, ListContains])
def test_no_output_is_0_and_no_expected_output_is_skipped(kind):
    assert score(kind, None, [1] if kind is ListContains else 1).value == 0.0
    with pytest.raises(Skip, match="no expected output"):
        score(kind, "a", None)


@pytest.mark.parametrize(
    ("kind", "output", "expected", "value"),
    [
        (NumericDiff, "7", 7, 0.0),
        (NumericDiff, True, 1, 0.0),
        (NumericDiff, float("inf"), 1, 0.0),
        (ListContains, "a", ["a"], 0.0),
        # Autoevals itself fails on these: it takes the one that is no object for JSON text.
        (ExactMatch, {"a": 1}, 5, 0.0),
        (ExactMatch, None, {"a": 1}, 0.0),
        (ExactMatch, True, [True], 0.0),
        (Levenshtein, "\ud800\x00", "﷽", 0.0),
    ],
)
def test_values_that_do_not_fit_are_0(kind, output, expected, value):
    assert score(kind, output, expected).value == value


@pytest.mark.parametrize(
    ("kind", "output", "expected", "message"),
    [
        (NumericDiff, 7, "seven", "The expected output is no number"),
        (NumericDiff, 1e308, -1e308, "gave nan, which is no score"),
        (ListContains, ["a"], "a", "The expected output is no list"),
        (Levenshtein, "a" * 10_001, "a", "10,001 characters is too long"),
        (JSONDiff, {"a": "a" * 10_001}, {}, "is too long"),
        (ListContains, ["a"] * 301, ["a"], "more than 300 entries"),
    ],
)
def test_what_can_not_be_scored_is_an_error(kind, output, expected, message):
    with pytest.raises(EvaluationError, match=message):
        score(kind, output, expected)


def test_the_longest_texts_take_little_time():
    started = time.process_time()
    score(Levenshtein, "ab" * 5_000, "ba" * 5_000)
    assert time.process_time() - started < 5


def test_without_scipy_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(EvaluationError, match=r'run `pip install "evalyard-autoevals\[lists\]"`'):
        score(ListContains, ["a"], ["a"])


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "objekt"}, "this is no JSON Schema"),
        ({"$ref": "http://127.0.0.1/secret"}, "the schema refers to http://127.0.0.1/secret"),
        ({"allOf": [{"properties": {"a": {"$ref": "file:///etc/passwd"}}}]}, "the schema refers to file:"),
        ({"$dynamicRef": "other.json"}, "the schema refers to other.json"),
    ],
)
def test_a_schema_is_one_and_refers_to_nothing_outside(schema, message):
    with pytest.raises(ValidationError, match=message) as caught:
        ValidJSON.Config.model_validate({"json_schema": schema})
    assert caught.value.errors()[0]["loc"] == ("json_schema",)
    ValidJSON.Config(json_schema={"$defs": {"a": {"type": "string"}}, "properties": {"$ref": {"$ref": "#/$defs/a"}}})

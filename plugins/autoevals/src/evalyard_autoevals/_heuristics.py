"""The scorers that need no model."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final

import autoevals
from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from pydantic import AfterValidator, Field

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType
from evalyard.values import as_text, show
from evalyard_autoevals._values import NO_SCORE, check_length, compare, convert, require
from evalyard_autoevals._variables import EXPECTED, Expected, Output

_MOST_ENTRIES: Final = 300


class Levenshtein(Evaluator):
    """Autoevals' Levenshtein: 1 minus the edit distance over the length of the longer text."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Compare the two as texts; other values are compared as their JSON texts."""
        require(expected, EXPECTED)
        if output is None:
            return NO_SCORE
        check_length(output, expected)
        return convert(autoevals.Levenshtein().eval(as_text(output), as_text(expected)), compare(output, expected))


class ExactMatch(Evaluator):
    """Autoevals' ExactMatch: 1 for equal values, and for an object or a list and its JSON text, else 0."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Compare the two."""
        require(expected, EXPECTED)
        if output is None:
            return NO_SCORE
        if isinstance(output, dict | list) != isinstance(expected, dict | list):
            # It would read the other one as JSON text, and fails on what is no text.
            output, expected = (
                value if isinstance(value, dict | list) else as_text(value) for value in (output, expected)
            )
        return convert(autoevals.ExactMatch().eval(output, expected), compare(output, expected))


class NumericDiff(Evaluator):
    """Autoevals' NumericDiff: 1 minus the difference of two numbers over the sum of their sizes."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Compare the two, which have to be numbers; an output that is none is 0."""
        require(expected, EXPECTED)
        if output is None:
            return NO_SCORE
        if not _is_number(expected):
            raise EvaluationError(
                f"The expected output is no number: {show(expected)}. Map it to one.", code="BAD_VALUE"
            )
        if not _is_number(output):
            return Score(0.0, explanation=f"The output is no number: {show(output)}.")
        return convert(autoevals.NumericDiff().eval(output, expected), compare(output, expected))


class JSONDiffConfig(Config):
    """How texts are read."""

    preserve_strings: bool = Field(
        False, description="Whether a text that is JSON is compared as a text rather than as what it says."
    )


class JSONDiff(Evaluator[JSONDiffConfig]):
    """Autoevals' JSONDiff: the mean likeness of the parts, texts by Levenshtein and numbers by NumericDiff."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Compare the two."""
        require(expected, EXPECTED)
        if output is None:
            return NO_SCORE
        check_length(output, expected)
        scorer = autoevals.JSONDiff(preserve_strings=self.config.preserve_strings)
        return convert(scorer.eval(output, expected), compare(output, expected))


def _check_schema(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as exc:
        raise ValueError(f"this is no JSON Schema: {exc.message}") from exc
    if (outside := _outside_reference(schema)) is not None:
        raise ValueError(f"the schema refers to {outside:.200}; references stay within it, as #/$defs/name does")
    return schema


def _outside_reference(schema: Any) -> str | None:
    """Find a reference that jsonschema would fetch from wherever it points to."""
    if isinstance(schema, Mapping):
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(key), str) and not schema[key].startswith("#"):
                return str(schema[key])
    parts = schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ()
    return next((found for part in parts if (found := _outside_reference(part)) is not None), None)


class ValidJSONConfig(Config):
    """What has to hold beside being JSON."""

    json_schema: Annotated[dict[str, Any] | None, AfterValidator(_check_schema)] = Field(
        None, description="JSON Schema that the output has to meet; without one any object or list will do."
    )


class ValidJSON(Evaluator[ValidJSONConfig]):
    """Autoevals' ValidJSON: 1 for JSON that meets a schema, without one for an object or a list, else 0."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Output) -> Score:
        """Read a text as JSON, or take any other value as it is, and check it."""
        if output is None:
            return NO_SCORE
        # Its constructor's `schema` has no effect in 0.4: what counts is the second argument.
        given = autoevals.ValidJSON().eval(output, self.config.json_schema)
        return convert(given, f"The output is {show(output)}.")


class ListContainsConfig(Config):
    """What may be there."""

    allow_extra_entities: bool = Field(False, description="Whether entries that were not expected do no harm.")


class ListContains(Evaluator[ListContainsConfig]):
    """Autoevals' ListContains: the mean likeness of the best pairs of two lists' entries, by Levenshtein.

    Needs the extra `lists`.
    """

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Pair the entries; an output that is no list is 0."""
        require(expected, EXPECTED)
        if not isinstance(expected, list):
            raise EvaluationError(f"The expected output is no list: {show(expected)}. Map it to one.", code="BAD_VALUE")
        if output is None:
            return NO_SCORE
        if not isinstance(output, list):
            return Score(0.0, explanation=f"The output is no list: {show(output)}.")
        return self._compare(output, expected)

    def _compare(self, output: list[Any], expected: list[Any]) -> Score:
        check_length(output, expected)
        if max(len(output), len(expected)) > _MOST_ENTRIES:
            raise EvaluationError(f"A list has more than {_MOST_ENTRIES} entries.", code="TOO_LONG")
        scorer = autoevals.ListContains(allow_extra_entities=self.config.allow_extra_entities)
        try:
            given = scorer.eval([as_text(entry) for entry in output], [as_text(entry) for entry in expected])
        except ImportError as exc:
            raise EvaluationError(
                'ListContains needs SciPy: run `pip install "evalyard-autoevals[lists]"` beside the worker.',
                code="EXTRA_MISSING",
            ) from exc
        return convert(given, compare(output, expected))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

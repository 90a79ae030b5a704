"""Validity against a JSON Schema."""

from itertools import islice
from typing import Annotated, Any, Final

from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import Draft202012Validator, validator_for
from pydantic import AfterValidator, Field
from referencing import Registry
from referencing.exceptions import Unresolvable

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType, Variable
from evalyard.values import NO_OUTPUT
from evalyard_structured._documents import NotJsonError, read_document

_MOST_FOUND: Final = 1_000
_LONGEST_MESSAGE: Final = 160


def _check_schema(schema: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(schema.get("$schema", ""), str):
        raise ValueError("its $schema has to be a text")  # noqa: TRY004 - pydantic takes ValueError
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"this is no JSON Schema: {error.message} at {error.json_path}") from error
    return schema


class JsonSchemaConfig(Config):
    """The schema, and how outputs are read."""

    json_schema: Annotated[dict[str, Any], AfterValidator(_check_schema)] = Field(
        description="The JSON Schema, of the draft that its $schema names, else of 2020-12."
    )
    parse_text: bool = Field(
        True, description="Whether a text is read as JSON, within a Markdown code block if there is one."
    )
    check_formats: bool = Field(
        False, description="Whether format is checked, for the formats that jsonschema knows without other packages."
    )
    most_errors: int = Field(3, ge=1, le=20, description="How many errors the explanation tells.")


class JsonSchema(Evaluator[JsonSchemaConfig]):
    """Check that the output is valid against a JSON Schema.

    Nothing is ever fetched to resolve a reference: one to what is not in the schema is an error of the evaluator.
    """

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: JsonSchemaConfig) -> None:
        super().__init__(config)
        kind = validator_for(config.json_schema, default=Draft202012Validator)
        formats = kind.FORMAT_CHECKER if config.check_formats else None
        self._validator = kind(config.json_schema, registry=Registry(), format_checker=formats)

    def evaluate(
        self, *, output: Annotated[Any, Variable("What the system answered: a value or a JSON text.")]
    ) -> Score:
        """Look for what breaks the schema."""
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        if self.config.parse_text and isinstance(output, str):
            try:
                output = read_document(output)
            except NotJsonError as error:
                return Score(False, explanation=f"The output is no JSON: {error}.")
        return self._judge(self._errors(output))

    def _errors(self, document: Any) -> list[ValidationError]:
        try:
            found = list(islice(self._validator.iter_errors(document), _MOST_FOUND))
        except Unresolvable as error:
            raise EvaluationError(f"The schema refers to what is not in it: {error}. Put it under $defs.") from error
        except RecursionError as error:
            raise EvaluationError("The output, or the schema, is nested too deep to be checked.") from error
        return sorted(found, key=lambda problem: problem.json_path)

    def _judge(self, errors: list[ValidationError]) -> Score:
        if not errors:
            return Score(True, explanation="The output is valid.")
        told = [f"at {error.json_path} {_shorten(error.message)}" for error in errors[: self.config.most_errors]]
        others = len(errors) - len(told)
        rest = f"; and {others:,} more" + (" at least" if len(errors) == _MOST_FOUND else "") if others else ""
        return Score(False, explanation=f"The output breaks the schema: {'; '.join(told)}{rest}.")


def _shorten(message: str) -> str:
    if len(message) <= _LONGEST_MESSAGE:
        return message
    half = _LONGEST_MESSAGE // 2
    return f"{message[:half]} … {message[-half:]}"

"""JSON Schema: of a dataset's inputs, and of a plugin's config. Nothing is ever fetched to resolve a reference."""

from functools import lru_cache
from typing import Any

import orjson
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from evalyard_core.domain.datasets import ValidationError
from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.payload import payload_size

_MOST_SHOWN = 20
_MOST_BYTES = 1_000_000


def check_schema(schema: Any, *, field: str) -> Any:
    """Return a JSON Schema, or refuse what is none."""
    if schema is None:
        return None
    payload_size(schema, field=field, most=_MOST_BYTES)
    if not isinstance(schema, dict) or not isinstance(schema.get("$schema", ""), str):
        raise BadInput("A JSON Schema is an object, and its $schema a text.", field=field)
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise BadInput(f"This is no JSON Schema: {error.message} at {error.json_path}.", field=field) from error
    return schema


def violations(schema: Any, value: Any) -> tuple[ValidationError, ...]:
    """Return where a value breaks a schema, the first twenty; nothing without a schema."""
    if schema is None:
        return ()
    try:
        problems = sorted(_validator(orjson.dumps(schema)).iter_errors(value), key=lambda problem: problem.json_path)
    except Unresolvable as error:
        return (ValidationError(path="$", message=f"the schema refers to what is not in it: {error}"),)
    return tuple(ValidationError(path=problem.json_path, message=problem.message) for problem in problems[:_MOST_SHOWN])


def check_config(schema: Any, config: Any, *, field: str) -> None:
    """Refuse a plugin's config that breaks its schema; the field names the part at fault."""
    for problem in violations(schema, config):
        path = problem.path.removeprefix("$")
        raise BadInput(f"config{path}: {problem.message}.", field=f"{field}{path}")


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Validator:
    parsed = orjson.loads(schema)
    return validator_for(parsed)(parsed, registry=Registry())

"""Checking a record's values against the types of an evaluator's variables."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from evalyard._errors import VariableError
from evalyard._variables import VariableSpec

#: A text is no number and 1 is not true; a model or a TypedDict has a config of its own.
_STRICT: Final = ConfigDict(strict=True)


class TypedVariables:
    """Reads the values of variables as their annotations say."""

    def __init__(self, variables: Iterable[VariableSpec]) -> None:
        adapters = {spec.name: _adapter(spec.hint) for spec in variables}
        self._validators = {name: adapter.validator for name, adapter in adapters.items() if adapter is not None}

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values, those for a pydantic model as its instances; raises VariableError."""
        read = dict(values)
        for name, validator in self._validators.items():
            if name in read:
                try:
                    read[name] = validator.validate_python(read[name])
                except ValidationError as error:
                    raise VariableError(_explain(name, error), variable=name) from error
        return read


def value_schema(variable: VariableSpec) -> dict[str, Any]:
    """Return the JSON Schema of the values that a variable takes, empty where it takes any."""
    adapter = _adapter(variable.hint)
    try:
        return {} if adapter is None else adapter.json_schema()
    except PydanticUserError:
        return {}


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    """Return what checks a type; None for one that takes anything, or that pydantic does not know."""
    if hint is Any or hint is object:
        return None
    for config in (_STRICT, None):
        # A type with a config of its own refuses another one.
        with suppress(PydanticUserError):
            return TypeAdapter(hint, config=config)
    return None


def _explain(name: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    wanted = first["msg"].removeprefix("Input ")
    return f"'{name}{place}' is {_kind(first['input'])} and {wanted}: map it to a part of the record that fits."


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    kinds = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), type(value).__name__)

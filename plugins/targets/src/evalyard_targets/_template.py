"""JSON in which `{"$path": "<JMESPath>"}` stands for a value that is picked anew for each call."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult
from pydantic import AfterValidator, Field, JsonValue

Fill: TypeAlias = Callable[[Mapping[str, Any]], Any]

_PATH: Final = "$path"


def compile_path(path: str) -> ParsedResult:
    """Compile a JMESPath; raises ValueError with a sentence that quotes it."""
    try:
        compiled = jmespath.compile(path)
    except (JMESPathError, RecursionError) as exc:
        reason = str(exc).partition("\n")[0].rstrip(":. ")
        raise ValueError(f"{path!r} is no JMESPath: {reason}.") from exc
    # The library itself notices an unknown function only when it is called.
    unknown = sorted(_functions(compiled.parsed) - Functions.FUNCTION_TABLE.keys())
    if unknown:
        raise ValueError(f"{path!r} is no JMESPath: there is no function {unknown[0]}.")
    return compiled


def _functions(node: Any) -> set[str]:
    if not isinstance(node, dict):
        return set()
    names = {node["value"]} if node.get("type") == "function_expression" else set()
    return names.union(*map(_functions, node.get("children", ())))


def compile_template(template: JsonValue) -> Fill:
    """Build the function that fills the template from a mapping; raises ValueError for a malformed reference.

    The function raises JMESPathError where a path can't be applied to the values at hand.
    """
    if isinstance(template, list):
        parts = [compile_template(part) for part in template]
        return lambda values: [fill(values) for fill in parts]
    if not isinstance(template, dict):
        return lambda _values: template
    if _PATH in template:
        return _compile_reference(template)
    members = {key: compile_template(part) for key, part in template.items()}
    return lambda values: {key: fill(values) for key, fill in members.items()}


def _compile_reference(reference: dict[str, JsonValue]) -> Fill:
    path = reference[_PATH]
    if len(reference) != 1 or not isinstance(path, str):
        raise ValueError(f'A reference is {{"{_PATH}": "<JMESPath>"}} and has no other keys.')
    return compile_path(path).search


def _check_path(path: str) -> str:
    compile_path(path)
    return path


def _check_template(template: JsonValue) -> JsonValue:
    compile_template(template)
    return template


JmesPath = Annotated[str, AfterValidator(_check_path), Field(json_schema_extra={"format": "jmespath"})]
Template = Annotated[JsonValue, AfterValidator(_check_template)]

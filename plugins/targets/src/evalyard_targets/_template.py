"""JSON in which some objects stand for a value that is picked anew for each call.

`{"$path": "<JMESPath>"}` is what the path finds, and `{"$text": "Answer {{input.question}}"}` is the text, in which the
paths between braces are replaced by what they find.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Final, TypeAlias

import jmespath
import pydantic_core
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult
from pydantic import AfterValidator, Field, JsonValue

from evalyard import DispatchRequest, TargetError, TargetRequest

Fill: TypeAlias = Callable[[Mapping[str, Any]], Any]

_PATH: Final = "$path"
_TEXT: Final = "$text"
_SLOT: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
#: What a request has that is nothing of the item's or of the run's.
_OWN: Final = frozenset({"timeout_seconds", "on_text"})


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

    The function raises JMESPathError where a path can't be applied to the values at hand, and TargetError BAD_INPUT
    where a text would have a gap.
    """
    if isinstance(template, list):
        parts = [compile_template(part) for part in template]
        return lambda values: [part(values) for part in parts]
    if not isinstance(template, dict):
        return lambda _values: template
    for key, compile_reference in ((_PATH, _compile_path), (_TEXT, _compile_text)):
        if key in template:
            return compile_reference(template)
    members = {key: compile_template(part) for key, part in template.items()}
    return lambda values: {key: member(values) for key, member in members.items()}


def fill(template: Fill, request: TargetRequest | DispatchRequest) -> Any:
    """Fill a template for a call or a run; raises TargetError BAD_INPUT where the item has not what it needs."""
    values = {field.name: getattr(request, field.name) for field in fields(request) if field.name not in _OWN}
    try:
        return template(values)
    except JMESPathError as exc:
        raise TargetError(f"A path can't be applied to this item: {exc}", code="BAD_INPUT") from exc


def _compile_path(reference: dict[str, JsonValue]) -> Fill:
    path = reference[_PATH]
    if len(reference) != 1 or not isinstance(path, str):
        raise ValueError(f'A reference is {{"{_PATH}": "<JMESPath>"}} and has no other keys.')
    return compile_path(path).search


def _compile_text(reference: dict[str, JsonValue]) -> Fill:
    text = reference[_TEXT]
    if len(reference) != 1 or not isinstance(text, str):
        raise ValueError(f'A text is {{"{_TEXT}": "… {{{{JMESPath}}}} …"}} and has no other keys.')
    # Split by a pattern with one group: what stands between the slots is at even places, their paths at odd ones.
    parts = _SLOT.split(text)
    plain, paths = parts[::2], [compile_path(path.strip()) for path in parts[1::2]]

    def filled(values: Mapping[str, Any]) -> str:
        slots = [_written(path, values) for path in paths]
        return "".join(part for pair in zip(plain, [*slots, ""], strict=True) for part in pair)

    return filled


def _written(path: ParsedResult, values: Mapping[str, Any]) -> str:
    value = path.search(values)
    if value is None:
        raise TargetError(f"{{{{{path.expression}}}}} finds nothing in this item.", code="BAD_INPUT")
    return value if isinstance(value, str) else pydantic_core.to_json(value).decode()


def _check_path(path: str) -> str:
    compile_path(path)
    return path


def _check_template(template: JsonValue) -> JsonValue:
    compile_template(template)
    return template


JmesPath = Annotated[str, AfterValidator(_check_path), Field(json_schema_extra={"format": "jmespath"})]
Template = Annotated[JsonValue, AfterValidator(_check_template)]

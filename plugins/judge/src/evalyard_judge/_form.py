"""The form of a judge's answer, and reading one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalyard_openai import EndpointError, as_unicode

_LONGEST_EXPLANATION: Final = 2_000
_MOST_TRIES: Final = 20


class Malformed(Exception):
    """An answer is not in the form that was asked for; the text says why, to the judge and to people."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge answered."""

    value: Any
    explanation: str


@dataclass(frozen=True, slots=True)
class Form:
    """What verdicts are possible: their JSON Schema, in words, and a function that gives one or raises Malformed."""

    schema: Mapping[str, Any]
    words: str
    check: Callable[[Any], Any]

    def response_format(self, kind: str) -> dict[str, Any] | None:
        """Return what a request says of the answer's form; the explanation comes first, so that it is thought first."""
        if kind == "text":
            return None
        if kind == "json_object":
            return {"type": "json_object"}
        schema = {
            "type": "object",
            "properties": {"explanation": {"type": "string"}, "verdict": dict(self.schema)},
            "required": ["explanation", "verdict"],
            "additionalProperties": False,
        }
        return {"type": "json_schema", "json_schema": {"name": "judgement", "strict": True, "schema": schema}}

    def read(self, content: str) -> Verdict:
        """Read an answer, also one that is wrapped in words or in a code block; raises Malformed."""
        found = _find_object(content)
        if found is None:
            raise Malformed('it holds no JSON object with the keys "explanation" and "verdict"')
        if not isinstance(found["explanation"], str):
            raise Malformed('"explanation" is no text')
        return Verdict(self.check(found["verdict"]), as_unicode(found["explanation"])[:_LONGEST_EXPLANATION])


def read_content(body: Mapping[str, Any]) -> str:
    """Return the text of a chat completion; raises Malformed, or EndpointError for what asking again does not mend."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise Malformed("it holds no message")
    refusal, ending = message.get("refusal"), choice.get("finish_reason")
    if refusal or ending == "content_filter":
        said = as_unicode(str(refusal or "its provider filtered the content"))
        raise EndpointError(f"The judge refuses to judge this: {said:.300}", code="REFUSED")
    if ending == "length":
        message = "The judge's answer was cut off: allow it more tokens in parameters, such as max_completion_tokens."
        raise EndpointError(message, code="CUT_OFF")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise Malformed("it is empty")
    return content


def _find_object(content: str) -> dict[str, Any] | None:
    decoder = json.JSONDecoder()
    at = content.find("{")
    # An answer of nothing but braces must not take quadratic time.
    for _ in range(_MOST_TRIES):
        if at < 0:
            break
        try:
            found, _ = decoder.raw_decode(content, at)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and {"explanation", "verdict"} <= found.keys():
            return found
        at = content.find("{", at + 1)
    return None

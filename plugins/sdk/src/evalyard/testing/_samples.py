"""Made-up values: ordinary ones that fit a JSON Schema, and hostile ones."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_TEXTS: Final = ("The sky is blue.", "Paris", "42", "yes", "The quick brown fox jumps over the lazy dog.")
#: How many ordinary values there are of each type.
KINDS: Final = len(_TEXTS)
#: For a variable that takes anything.
_ANYTHING: Final[Sequence[Any]] = (
    _TEXTS[0],
    {"answer": "Paris", "score": 0.5, "tags": ["a", "b"]},
    ["first", {"second": 2}],
    42,
    True,
)
_HUGE: Final = 100_000


def _nested(levels: int) -> Any:
    value: Any = "deep"
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


#: What records hold now and then, by a name that a person understands.
HOSTILE: Final[Mapping[str, Any]] = {
    "null": None,
    "an empty text": "",
    "white space": " \t\r\n\u00a0\u2028 ",
    "a text of 100,000 characters": "word " * (_HUGE // 5),
    "a text of one letter 100,000 times": "a" * _HUGE,
    "letters of many scripts": "naïve Straße ﷽ 日本語 עברית \u0440\u0443\u0441 हिन्दी",
    "emoji and marks": "\U0001f469\u200d\U0001f469\u200d\U0001f467 e\u0301 Z\u0351\u036b\u0343 \u202etxet\u202c",
    "control characters": "\x00\x07\x1b[31m\x7f\ufffe",
    "the text NaN": "NaN",
    "the text 1e999": "1e999",
    "a broken pattern": "([a-z",
    "half of a JSON text": '{"answer": ["Par',
    "a JSON text": '{"answer": NaN, "n": 1e400}',
    "a template": "{0} {output} %s ${HOME} {{ x }}",
    "zero": 0,
    "a negative number": -1,
    "a huge number": 2**63 - 1,
    "a tiny number": 5e-324,
    "a number near the limit": 1.7e308,
    "NaN": math.nan,
    "infinity": -math.inf,
    "false": False,
    "an empty list": [],
    "an empty object": {},
    "a list of nulls": [None, None],
    "a list of everything": [None, True, 0, "", [], {}],
    "a list of 10,000 numbers": list(range(10_000)),
    "an object with odd keys": {"": {"": None}, "a.b": 1, "$ref": "#", "__class__": "x"},
    "JSON 90 levels deep": _nested(90),
}


def ordinary(schema: Mapping[str, Any], kind: int) -> Any:
    """Return a value that a JSON Schema of pydantic's takes; `kind` chooses which, below KINDS."""
    return _Sampler(schema, kind).of(schema)


class _Sampler:
    """Makes one kind of values."""

    def __init__(self, root: Mapping[str, Any], kind: int) -> None:
        self._root = root
        self._kind = kind

    def of(self, schema: Mapping[str, Any]) -> Any:
        if examples := schema.get("examples"):
            return examples[self._kind % len(examples)]
        if "$ref" in schema:
            return self.of(self._root["$defs"][schema["$ref"].rpartition("/")[2]])
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][self._kind % len(schema["enum"])]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.of(next((one for one in schema[several] if one.get("type") != "null"), {}))
        make = self._makers().get(schema.get("type", ""))
        return make(schema) if make else _ANYTHING[self._kind]

    def _makers(self) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
        return {
            "string": lambda schema: _text(schema, _TEXTS[self._kind]),
            "integer": lambda schema: _within(schema, self._kind + 1, 1),
            "number": lambda schema: _within(schema, (self._kind + 1) / KINDS, 0.01),
            "boolean": lambda _: self._kind % 2 == 0,
            "array": self._list,
            "object": lambda schema: {name: self.of(part) for name, part in schema.get("properties", {}).items()},
            "null": lambda _: None,
        }

    def _list(self, schema: Mapping[str, Any]) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(part) for part in schema["prefixItems"]]
        return [self.of(schema.get("items", {}))] * max(2, schema.get("minItems", 0))


def _text(schema: Mapping[str, Any], text: str) -> str:
    longest = schema.get("maxLength", len(text))
    return text[:longest].ljust(schema.get("minLength", 0), "x")


def _within(schema: Mapping[str, Any], value: float, step: float) -> float:
    low: float = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + step)
    high: float = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - step)
    return min(high, max(low, value))

"""Redaction: what a project wants never to be stored, taken out of values before they are.

A name matches a key of an object at any depth, and the path of keys that leads there, from its end: `email` matches the
key `email` and the attribute `user.email`, `user.email` also the key `email` in an object under `user`. `*` stands for
any characters. What a name matches is replaced whole, what a pattern matches inside a text is replaced in it. A text
that is itself JSON, as many attributes of spans are, is looked into as well.
"""

import functools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import regex

from .errors import BadInput
from .limits import check_count, check_name

REDACTED: Final = "[REDACTED]"
#: Stands for a text in which the patterns were not looked for to the end.
NOT_SEARCHED: Final = "[REDACTED: searching it took too long]"

MOST_NAMES: Final = 200
MOST_PATTERNS: Final = 50
_LONGEST_PATTERN: Final = 500
_MOST_STARS: Final = 3
#: Of a longer path only the end is looked at.
_LONGEST_PATH: Final = 1_000
#: How often a text may be JSON that holds a text that is JSON.
_DEEPEST_TEXT: Final = 4
_MAY_BE_JSON: Final = re.compile(r'\s*[\[{"]')
#: More than any value that is stored is nested.
_DEEPEST: Final = 200

_SECONDS_A_TEXT: Final = 0.25
_SECONDS_A_CHARACTER: Final = 1e-6
#: What searching in vain may take in all: after that no text is searched any more, and each is left out.
_MOST_SECONDS_IN_VAIN: Final = 1.0
#: Texts on which a pattern has to be quick before it is taken: what patterns that go back again and again choke on.
_TRIALS: Final = tuple(unit * (4_000 // len(unit)) + "!" for unit in ("a", "0", " ", "aA0 ", "a.", "a@a.", "\n", "_-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionRules:
    """What a project wants never to be stored."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


def check_rules(names: Sequence[str], patterns: Sequence[str], *, field: str) -> RedactionRules:
    """Return rules, or refuse names and patterns that can't do their work, or would take too long."""
    check_count(names, MOST_NAMES, field=f"{field}.names")
    check_count(patterns, MOST_PATTERNS, field=f"{field}.patterns")
    checked = [_check_rule_name(name, field=f"{field}.names[{index}]") for index, name in enumerate(names)]
    for index, pattern in enumerate(patterns):
        _check_pattern(pattern, field=f"{field}.patterns[{index}]")
    return RedactionRules(names=tuple(dict.fromkeys(checked)), patterns=tuple(dict.fromkeys(patterns)))


def _check_rule_name(name: str, *, field: str) -> str:
    checked = check_name(name, field=field)
    if not checked.strip("*."):
        raise BadInput(f"The name {checked!r} matches everything; name keys, such as user.email.", field=field)
    if checked.count("*") > _MOST_STARS:
        raise BadInput(f"A name may have {_MOST_STARS} * at most; name the keys in several.", field=field)
    return checked


def _check_pattern(pattern: str, *, field: str) -> None:
    if len(pattern) > _LONGEST_PATTERN:
        raise BadInput(f"A pattern may have {_LONGEST_PATTERN} characters at most; split it.", field=field)
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise BadInput(f"This is no regular expression: {error}.", field=field) from error
    if compiled.search("") is not None:
        raise BadInput("This pattern matches an empty text, and so everywhere; ask for a character.", field=field)
    ends_at = time.perf_counter() + _SECONDS_A_TEXT
    try:
        is_of_the_mark = compiled.search(REDACTED, timeout=_SECONDS_A_TEXT) is not None
        for trial in _TRIALS:
            compiled.sub(REDACTED, trial, timeout=max(0.001, ends_at - time.perf_counter()))
    except TimeoutError as error:
        raise BadInput(
            "This pattern takes too long on some texts; do without repetitions inside repetitions, or make them "
            "possessive (++).",
            field=field,
        ) from error
    if is_of_the_mark:
        raise BadInput(f"This pattern matches the text {REDACTED} that replaces what it finds; narrow it.", field=field)


@functools.lru_cache(maxsize=64)
def _compiled(rules: RedactionRules) -> "tuple[regex.Pattern[str] | None, tuple[regex.Pattern[str], ...]]":
    names = "|".join(".*".join(regex.escape(part) for part in name.split("*")) for name in rules.names)
    by_name = regex.compile(rf"(?:.*\.)?(?:{names})", regex.IGNORECASE | regex.DOTALL) if names else None
    return by_name, tuple(regex.compile(pattern) for pattern in rules.patterns)


class Redactor:
    """Applies rules to what is about to be stored; make one for each call, which shares out its time."""

    def __init__(self, rules: RedactionRules) -> None:
        self._by_name, self._patterns = _compiled(rules)
        self._is_named: dict[str, bool] = {}
        self._seconds_in_vain = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to take out."""
        return self._by_name is None and not self._patterns

    def value(self, value: Any, *, path: str = "") -> Any:
        """Return a JSON value without what must not be stored; `path` is the dotted one of keys that leads to it."""
        return value if self.is_idle else self._value(value, path, _DEEPEST_TEXT, _DEEPEST)

    def text(self, text: str) -> str:
        """Return a text, which may be JSON, without what must not be stored."""
        return text if self.is_idle else self._text(text, "", _DEEPEST_TEXT, _DEEPEST)

    def _value(self, value: Any, path: str, texts: int, levels: int) -> Any:
        if isinstance(value, str):
            return self._text(value, path, texts, levels)
        if isinstance(value, dict):
            return self._object(value, path, texts, levels - 1) if levels else REDACTED
        if isinstance(value, list | tuple):
            return [self._value(entry, path, texts, levels - 1) for entry in value] if levels else REDACTED
        return value

    def _object(self, value: dict[str, Any], path: str, texts: int, levels: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, entry in value.items():
            below = f"{path}.{key}" if path else key
            name = self._found(key) if self._patterns else key
            while name in kept:
                name += "~"
            kept[name] = REDACTED if self._names(below) else self._value(entry, below, texts, levels)
        return kept

    def _names(self, path: str) -> bool:
        if self._by_name is None:
            return False
        tail = path[-_LONGEST_PATH:]
        if tail not in self._is_named:
            self._is_named[tail] = self._by_name.fullmatch(tail) is not None
        return self._is_named[tail]

    def _text(self, text: str, path: str, texts: int, levels: int) -> str:
        if texts and _MAY_BE_JSON.match(text):
            text = self._inside(text, path, texts - 1, levels)
        return self._found(text)

    def _inside(self, text: str, path: str, texts: int, levels: int) -> str:
        """Return a text that may be JSON without what must not be stored in its values."""
        try:
            held = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        kept = self._value(held, path, texts, levels)
        return text if kept == held else orjson.dumps(kept).decode()

    def _found(self, text: str) -> str:
        for pattern in self._patterns:
            if self._seconds_in_vain > _MOST_SECONDS_IN_VAIN:
                return NOT_SEARCHED
            begun = time.perf_counter()
            try:
                text = pattern.sub(REDACTED, text, timeout=_SECONDS_A_TEXT + _SECONDS_A_CHARACTER * len(text))
            except TimeoutError:
                self._seconds_in_vain += time.perf_counter() - begun
                return NOT_SEARCHED
        return text

"""Redaction as properties: nothing that a rule names is left, at any depth, and nothing else is changed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.redaction import NOT_SEARCHED, REDACTED, RedactionRules, Redactor, check_rules
from tests.fixtures.core import QUICK, refusal_of

SSN = r"\b\d{3}-\d{2}-\d{4}\b"
EMAIL = r"[\w.+-]++@[\w-]++\.[\w.]++"
RULES = RedactionRules(names=("password", "user.phone", "llm.*.content"), patterns=(SSN, EMAIL))

secrets = st.sampled_from(["123-45-6789", "ann@example.org", "so is 987-65-4321.", "two: 111-11-1111, a@b.cd"])
plain = st.sampled_from(["", "hello", "12-34", "an @ sign", "Grüße", "[not json", '{"a":'])
scalars = st.none() | st.booleans() | st.integers(-5, 5) | plain | secrets
keys = st.sampled_from(["a", "Password", "user", "phone", "x.user.phone", "llm.0.content", "123-45-6789", "passwords"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=4)
        | inner.map(lambda value: json.dumps(value, indent=1))
        | st.dictionaries(keys, inner, max_size=2).map(lambda value: json.dumps(value, ensure_ascii=True))
    ),
    max_leaves=12,
)
harmless = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "passwords"]), inner, max_size=3)
        | inner.map(json.dumps)
    ),
    max_leaves=10,
)


def _texts(value: Any) -> Iterator[str]:
    """Yield each text in a value, keys too, and those in texts that are JSON."""
    if isinstance(value, str):
        yield value
        try:
            yield from _texts(json.loads(value))
        except ValueError:
            return
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from _texts(entry)


def _under(value: Any, key: str) -> Iterator[Any]:
    """Yield what stands under a key, at any depth."""
    if isinstance(value, str):
        try:
            yield from _under(json.loads(value), key)
        except ValueError:
            return
    elif isinstance(value, list):
        for entry in value:
            yield from _under(entry, key)
    elif isinstance(value, dict):
        for name, entry in value.items():
            if name.lower() == key:
                yield entry
            yield from _under(entry, key)


@QUICK
@given(values)
def test_no_text_is_left_that_a_pattern_finds(value: Any) -> None:
    kept = Redactor(RULES).value(value)
    assert [text for text in _texts(kept) if regex.search(SSN, text) or regex.search(EMAIL, text)] == []


@QUICK
@given(values)
def test_nothing_is_left_under_a_name(value: Any) -> None:
    kept = Redactor(RULES).value(value)
    assert set(_under(kept, "password")) <= {REDACTED}
    assert set(_under(kept, "llm.0.content")) <= {REDACTED}
    assert set(_under(kept, "x.user.phone")) <= {REDACTED}


@QUICK
@given(values)
def test_doing_it_twice_is_the_same_as_once(value: Any) -> None:
    kept = Redactor(RULES).value(value)
    assert Redactor(RULES).value(kept) == kept


@QUICK
@given(harmless)
def test_what_no_rule_is_about_stays_as_it_is(value: Any) -> None:
    assert Redactor(RULES).value(value) == value


@QUICK
@given(values)
def test_without_rules_nothing_changes(value: Any) -> None:
    assert Redactor(RedactionRules()).value(value) is value


def test_a_name_matches_the_end_of_a_path_of_keys_in_any_case() -> None:
    redactor = Redactor(check_rules(["user.email", "API-Key", "llm.*.content"], [], field="redaction"))
    assert redactor.value(
        {
            "user": {"email": "x", "name": "y", "emails": 1},
            "User.Email": ["x"],
            "the.user.email": {"deep": 1},
            "email": "stays",
            "api-key": 5,
            "llm.0.message.content": "x",
            "content": "stays",
            "text": '{"user": {"email": "x"}, "n": 1}',
        }
    ) == {
        "user": {"email": REDACTED, "name": "y", "emails": 1},
        "User.Email": REDACTED,
        "the.user.email": REDACTED,
        "email": "stays",
        "api-key": REDACTED,
        "llm.0.message.content": REDACTED,
        "content": "stays",
        "text": '{"user":{"email":"[REDACTED]"},"n":1}',
    }


def test_a_pattern_finds_what_is_escaped_in_json_and_what_spans_its_punctuation() -> None:
    redactor = Redactor(check_rules([], [r"SSN:\s*\d+", r'"pin": ?\d+'], field="redaction"))
    assert redactor.text('{"t": "SSN:\\n123 and \\u0053SN: 9"}') == '{"t":"[REDACTED] and [REDACTED]"}'
    assert redactor.text('{"pin": 1234}') == "{[REDACTED]}"


def test_keys_that_become_the_same_are_told_apart() -> None:
    kept = Redactor(RULES).value({"a@b.cd": 1, "c@d.ef": 2, "z": 3})
    assert kept == {"[REDACTED]": 1, "[REDACTED]~": 2, "z": 3}


def test_a_text_that_takes_too_long_is_left_out_and_so_are_all_others_after_a_while() -> None:
    redactor = Redactor(RedactionRules(patterns=(r"(a|aa)+$",)))
    hopeless = "a" * 60 + "!"
    kept = redactor.value([hopeless] * 40)
    assert kept == [NOT_SEARCHED] * 40
    assert redactor.value("short") == NOT_SEARCHED
    assert Redactor(RedactionRules(patterns=(r"(a|aa)+$",))).value("short") == "short"


def test_what_is_nested_deeper_than_anything_that_is_stored_is_left_out() -> None:
    value: Any = "123-45-6789"
    for _ in range(400):
        value = [value]
    assert "123" not in json.dumps(Redactor(RULES).value(value))


@pytest.mark.parametrize(
    ("names", "patterns", "field", "says"),
    [
        (["ok", " "], [], "names[1]", "can't be empty"),
        (["*"], [], "names[0]", "matches everything"),
        (["*.*"], [], "names[0]", "matches everything"),
        (["a*b*c*d*"], [], "names[0]", "3 * at most"),
        (["n"] * 201, [], "names", "At most 200"),
        ([], ["("], "patterns[0]", "no regular expression: missing )"),
        ([], ["ok", "a*"], "patterns[1]", "matches an empty text"),
        ([], [r"[A-Z]+"], "patterns[0]", "matches the text [REDACTED]"),
        ([], ["(a+)+$"], "patterns[0]", "takes too long"),
        ([], ["x" * 501], "patterns[0]", "500 characters at most"),
        ([], ["x"] * 51, "patterns", "At most 50"),
    ],
)
def test_rules_that_can_not_do_their_work_are_refused(
    names: list[str], patterns: list[str], field: str, says: str
) -> None:
    refusal = refusal_of(lambda: check_rules(names, patterns, field="redaction"))
    assert refusal is not None
    assert refusal.field == f"redaction.{field}"
    assert says in refusal.message


@pytest.mark.parametrize(
    "pattern", [EMAIL, SSN, r"\b(?:\d[ -]*?){13,16}\b", r"(?i)bearer\s+\S+", r"sk-[A-Za-z0-9]{20,}"]
)
def test_patterns_that_people_use_are_taken(pattern: str) -> None:
    assert check_rules([], [pattern], field="redaction") == RedactionRules(patterns=(pattern,))

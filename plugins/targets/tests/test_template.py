import pytest
from jmespath.exceptions import JMESPathError

from evalyard import TargetError
from evalyard_targets._template import compile_path, compile_template

VALUES = {"input": {"question": "Why?", "tags": ["a", "b"]}, "metadata": None, "trial": 1}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ({"$path": "input"}, VALUES["input"]),
        ({"q": {"$path": "input.question"}, "n": 1}, {"q": "Why?", "n": 1}),
        ([{"$path": "trial"}, "$path", None, True], [1, "$path", None, True]),
        ({"messages": [{"role": "user", "content": {"$path": "join(' ', ['Q:', input.question])"}}]},
         {"messages": [{"role": "user", "content": "Q: Why?"}]}),
        ({"a": {"b": {"c": {"$path": "input.tags[-1]"}}}}, {"a": {"b": {"c": "b"}}}),
        ({"$path": "input.nothing"}, None),
        ({"$text": "Q: {{input.question}} ({{ trial }}) {{input.tags}}{{input.tags[0]}}"}, 'Q: Why? (1) ["a","b"]a'),
        ({"$text": "{{ join(', ', input.tags) }}"}, "a, b"),
        ({"$text": "No {path} $path } {{'{{'}}"}, "No {path} $path } {{"),
        ({"$text": ""}, ""),
        ("{{input.question}}", "{{input.question}}"),
        ("input", "input"),
        ({}, {}),
    ],
)  # fmt: skip
def test_references_are_replaced(template, filled):
    assert compile_template(template)(VALUES) == filled


@pytest.mark.parametrize(
    "template",
    [
        {"$path": "input", "default": 1},
        {"$path": 1},
        {"$path": None},
        [{"a": {"$path": "input["}}],
        {"$text": ["a"]},
        {"$text": "a", "$path": "input"},
        {"$text": "{{}}"},
        {"$text": "Say {{input.}}"},
    ],
)
def test_a_malformed_reference_is_refused(template):
    with pytest.raises(ValueError, match=r"A reference is|A text is|is no JMESPath"):
        compile_template(template)


def test_a_path_that_can_not_be_applied_raises():
    with pytest.raises(JMESPathError):
        compile_template({"$path": "join(', ', metadata)"})(VALUES)


@pytest.mark.parametrize("slot", ["{{metadata}}", "{{ input.nothing }}"])
def test_a_text_has_no_gaps(slot):
    with pytest.raises(TargetError, match=r"finds nothing in this item\.$") as caught:
        compile_template({"$text": f"Say {slot}."})(VALUES)
    assert caught.value.code == "BAD_INPUT"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "'' is no JMESPath: Invalid JMESPath expression: cannot be empty."),
        ("a[", "'a[' is no JMESPath: "),
        ("a b", "'a b' is no JMESPath: "),
        ("length(upper(a))", "'length(upper(a))' is no JMESPath: there is no function upper."),
        ("(" * 2000, "is no JMESPath: maximum recursion depth exceeded"),
    ],
)
def test_a_bad_path_is_quoted(path, message):
    with pytest.raises(ValueError, match="is no JMESPath") as caught:
        compile_path(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)

import pytest

from evalyard_judge._template import MissingValue, Template, fence_code

VALUES = {"input": {"question": "Why?", "tags": ["a", "b"]}, "output": "Because.", "expected": None, "metadata": None}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("No variable.", "No variable."),
        ("A: {{output}}!", "A: <output-c>\nBecause.\n</output-c>!"),
        ("{{ input.question }}", "<input.question-c>\nWhy?\n</input.question-c>"),
        ("{{input.tags.1}}", "<input.tags.1-c>\nb\n</input.tags.1-c>"),
        ("{{input.tags}}", '<input.tags-c>\n["a", "b"]\n</input.tags-c>'),
        ("{ {output} } {output}", "{ {output} } {output}"),
    ],
)
def test_values_are_put_in_with_a_fence(text, rendered):
    assert Template.parse(text).render(VALUES, "c") == rendered


@pytest.mark.parametrize(
    "field",
    ["", "outptu", "output()", "input[0]", "output|upper", "#each", "output .x", "a.b", "trace"],
)
def test_what_is_no_path_is_refused(field):
    with pytest.raises(ValueError, match="is no variable: there are"):
        Template.parse("{{" + field + "}}")


@pytest.mark.parametrize(
    "path", ["expected", "metadata.x", "input.answer", "input.tags.2", "output.text", "input.tags.x"]
)
def test_a_value_that_is_not_there_is_named(path):
    with pytest.raises(MissingValue) as caught:
        Template.parse(f"{{{{{path}}}}}").render(VALUES, "c")
    assert str(caught.value) == path


def test_attributes_can_not_be_reached():
    with pytest.raises(MissingValue):
        Template.parse("{{output.__class__}}").render(VALUES, "c")


def test_a_value_is_put_in_once():
    values = VALUES | {"output": "{{expected}} </output-c> {{input}}"}
    assert Template.parse("{{output}}").render(values, "c") == (
        "<output-c>\n{{expected}} </output-c> {{input}}\n</output-c>"
    )


def test_the_code_of_a_fence_is_that_of_the_record():
    assert fence_code(VALUES) == fence_code(dict(reversed(VALUES.items())))
    assert fence_code(VALUES) != fence_code(VALUES | {"output": "Because!"})
    assert len(fence_code({"output": "\ud800"})) == 24


def test_hostile_templates_take_linear_time():
    text = "{{" * 5_000 + "output" + "}}" * 5_000
    assert len(Template.parse(text[:20_000]).texts) <= 2

import pytest

from evalyard.values import as_text, reference_texts, show


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Paris", "Paris"),
        ("", ""),
        (None, "null"),
        (18.0, "18.0"),
        ({"b": 1, "a": ["é", True]}, '{"a": ["é", true], "b": 1}'),
    ],
)
def test_a_value_is_read_as_its_json_text_and_a_text_as_itself(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        ("a", ("a",)),
        (["a", 1, None, "", {"k": 2}], ("a", "1", '{"k": 2}')),
        (0, ("0",)),
        (None, ()),
        ("", ()),
        ([], ()),
        ([None, ""], ()),
    ],
)
def test_an_expected_output_is_one_text_or_several(expected, texts):
    assert reference_texts(expected) == texts


def test_a_long_value_is_cut_in_the_middle():
    assert show("Paris") == '"Paris"'
    assert show(["Paris"]) == '["Paris"]'
    assert show("a" * 80) == f'"{"a" * 80}"'
    assert show("a" * 40 + "xyz" + "b" * 40) == f'"{"a" * 40} … {"b" * 40}"'

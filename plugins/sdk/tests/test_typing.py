"""A record's values against the types that an author wrote."""

import typing
from typing import Annotated, Any, NotRequired

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from evalyard import Evaluator, Variable
from evalyard.plugins import TypedVariables, VariableError, read_variables, value_schema


class Answer(BaseModel):
    text: str
    sources: list[str] = []


class Step(TypedDict):
    tool: str
    arguments: NotRequired[dict[str, Any]]


class OldStep(typing.TypedDict):
    """Python's own TypedDict, which pydantic reads from Python 3.12 on."""

    tool: str


class Foreign:
    """A class that no JSON value is."""


class Typed(Evaluator):
    def evaluate(
        self,
        *,
        text: str = "",
        maybe: str | None = None,
        number: float = 0.0,
        count: Annotated[int, Variable("How many."), Field(ge=0)] = 0,
        flag: bool = False,
        texts: list[str] = [],  # noqa: B006
        steps: list[Step] = [],  # noqa: B006
        answer: Annotated[Answer, Variable("What was said.")] = Answer(text=""),  # noqa: B008
        anything: Any = None,
        foreign: Foreign = None,
        old: OldStep = None,
        unannotated=None,
    ) -> bool:
        return True


TYPED = TypedVariables(read_variables(Typed))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"text": "a", "number": 1.5, "count": 2, "flag": True, "texts": ["a", "b"]},
        {"maybe": None},
        {"number": 3},
        {"steps": [{"tool": "search", "arguments": {"q": 1}}, {"tool": "read"}]},
        {"anything": {"a": [None]}, "unannotated": 5, "foreign": 1, "old": {"tool": "a"}},
    ],
)
def test_what_fits_is_given_as_it_is(values):
    assert TYPED.read(values) == values


def test_a_model_is_given_as_its_instance():
    assert TYPED.read({"answer": {"text": "a", "sources": ["b"]}}) == {"answer": Answer(text="a", sources=["b"])}


def test_the_values_of_the_record_are_not_shared():
    texts = ["a"]
    TYPED.read({"texts": texts})["texts"].append("b")

    assert texts == ["a"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text": None}, "'text' is null and should be a valid string: map it to a part of the record that fits."),
        ({"text": {"a": 1}}, "'text' is an object and should be a valid string: map it to a part of the record that"),
        ({"maybe": 1}, "'maybe' is a number and should be a valid string: "),
        ({"number": "1"}, "'number' is a text and should be a valid number: "),
        ({"number": True}, "'number' is true and should be a valid number: "),
        ({"count": 1.0}, "'count' is a number and should be a valid integer: "),
        ({"count": -1}, "'count' is a number and should be greater than or equal to 0: "),
        ({"flag": "yes"}, "'flag' is a text and should be a valid boolean: "),
        ({"texts": ["a", 1]}, "'texts[1]' is a number and should be a valid string: "),
        ({"texts": "a"}, "'texts' is a text and should be a valid list: "),
        ({"steps": [{"tool": []}]}, "'steps[0].tool' is a list and should be a valid string: "),
        ({"answer": []}, "'answer' is a list and should be a valid dictionary or instance of Answer: "),
    ],
)
def test_what_does_not_fit_is_explained(values, message):
    with pytest.raises(VariableError) as caught:
        TYPED.read(values)

    assert str(caught.value).startswith(message)
    assert caught.value.variable == next(iter(values))


def test_each_type_has_a_json_schema():
    schemas = {spec.name: value_schema(spec) for spec in read_variables(Typed)}

    assert schemas["text"] == {"type": "string"}
    assert schemas["count"] == {"type": "integer", "minimum": 0}
    assert schemas["texts"] == {"type": "array", "items": {"type": "string"}}
    assert schemas["answer"]["required"] == ["text"]
    assert schemas["anything"] == schemas["foreign"] == schemas["unannotated"] == {}

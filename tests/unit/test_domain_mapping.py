"""From a record to the variables of an evaluator."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.evaluators import VariableMapping
from evalyard_core.domain.mapping import ROOTS, Missing, check_mapping, compile_readers, context_of, read_variables
from evalyard_core.domain.plugins import Variable
from tests.fixtures.core import QUICK, refusal_of
from tests.fixtures.objects import a_record, a_run

CONTEXT = {
    "input": {"question": "6 × 7?", "hints": ["think", "hard"]},
    "expected": {"answer": 42},
    "output": {"answer": 41, "steps": [{"tool": "add", "ok": True}, {"tool": "mul", "ok": False}]},
    "metadata": {"lang": "en", "level": 0},
    "trace": {"spans": [{"kind": "LLM"}]},
    "record": {"latency_ms": 12.5, "cost_usd": None, "attempts": 1},
}


def a_variable(name: str, *, required: bool = True, default_path: str | None = None) -> Variable:
    return Variable(name=name, description="", required=required, default_path=default_path)


def read(context: Any, *variables: Variable, **paths: str) -> dict[str, Any]:
    mapping = [VariableMapping(variable=name, path=path) for name, path in paths.items()]
    check_mapping(variables, mapping)
    return read_variables(compile_readers(variables, mapping), context)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("input", CONTEXT["input"]),
        ("expected", CONTEXT["expected"]),
        ("output", CONTEXT["output"]),
        ("metadata", CONTEXT["metadata"]),
        ("trace", CONTEXT["trace"]),
        ("record", CONTEXT["record"]),
        ("record.latency_ms", 12.5),
        ("record.latency_ms > `10`", True),
        ("input.question", "6 × 7?"),
        ("input.hints[-1]", "hard"),
        ("metadata.level", 0),
        ("output.steps[*].tool", ["add", "mul"]),
        ("output.steps[?ok].tool", ["add"]),
        ("trace.spans[?kind=='LLM'] | [0].kind", "LLM"),
        ("length(output.steps)", 2),
        ("[expected.answer, output.answer]", [42, 41]),
        ("expected.answer == output.answer", False),
        ('"metadata"."lang"', "en"),
        ("@.metadata.lang", "en"),
        ("`7`", 7),
    ],
)
def test_a_path_reads_any_part_of_a_record(path: str, value: Any):
    assert read(CONTEXT, a_variable("v"), v=path) == {"v": value}


@pytest.mark.parametrize(
    ("path", "reads_output", "reads_trace"),
    [
        ("trace", False, True),
        ("trace.spans[?kind=='TOOL'].name", False, True),
        ("@.trace.name", False, True),
        ("@ | trace", False, True),
        ("not_null(output.trace, trace.output)", True, True),
        ("[input, {a: trace}]", False, True),
        ("@", True, True),
        ("length(@)", True, True),
        ("*", True, True),
        ("output.trace", True, False),
        ("output[?trace].name", True, False),
        ("output[*].[@, trace]", True, False),
        ("map(&trace, output)", True, False),
        ("input", False, False),
        ('`{"trace": 1}`.trace', False, False),
    ],
)
def test_a_path_tells_what_it_reads(path: str, reads_output: bool, reads_trace: bool):
    """A record whose trace nobody reads does not wait for it."""
    [reader] = compile_readers([a_variable("v")], [VariableMapping(variable="v", path=path)])
    assert (reader.from_output, reader.from_trace) == (reads_output, reads_trace)


def test_the_figures_of_a_record_can_be_read():
    record = replace(
        a_record(a_run("p"), 0),
        latency_ms=12.5,
        cost_usd=0.25,
        prompt_tokens=10,
        completion_tokens=4,
        attempts=2,
    )
    context = context_of(record, record)
    assert (context["input"], context["expected"], context["output"]) == (
        record.input,
        record.expected_output,
        record.output,
    )
    assert read(context, a_variable("v"), v="record")["v"] == {
        "latency_ms": 12.5,
        "cost_usd": 0.25,
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "total_tokens": 14,
        "attempts": 2,
    }


def test_half_a_sum_of_tokens_is_no_sum():
    record = replace(a_record(a_run("p"), 0), prompt_tokens=10, completion_tokens=None)
    assert context_of(record, record)["record"]["total_tokens"] is None
    with pytest.raises(Missing, match=r"nothing is at 'record\.total_tokens' in this record"):
        read(context_of(record, record), a_variable("v"), v="record.total_tokens")


def test_a_variable_without_a_mapping_is_read_at_its_default_path():
    variables = a_variable("output", default_path="output"), a_variable("wanted", default_path="expected.answer")
    assert read(CONTEXT, *variables) == {"output": CONTEXT["output"], "wanted": 42}
    assert read(CONTEXT, *variables, wanted="metadata.lang")["wanted"] == "en"


def test_an_optional_variable_that_is_nowhere_is_left_to_the_plugin():
    variables = a_variable("a", required=False), a_variable("b", required=False, default_path="metadata.absent")
    assert read(CONTEXT, *variables) == {}
    assert read(CONTEXT, *variables, a="output.absent") == {}


@pytest.mark.parametrize(
    "path",
    ["expected.absent", "input.hints[5]", "metadata.lang.deeper", "length(metadata.level)", "record.cost_usd"],
)
def test_a_required_variable_without_a_value_is_missing_and_the_path_is_said(path: str):
    with pytest.raises(Missing, match="'v' has no value") as missing:
        read(CONTEXT, a_variable("v"), v=path)
    assert repr(path) in str(missing.value)


def test_a_record_without_an_expected_output_lacks_a_variable_that_wants_it():
    context = {"input": 1, "expected": None, "output": 2, "metadata": None}
    with pytest.raises(Missing, match="'expected'"):
        read(context, a_variable("expected", default_path="expected"))
    assert read(context, a_variable("expected", required=False, default_path="expected")) == {}


@pytest.mark.parametrize(
    "path",
    [
        "output",
        "output.text",
        "output.steps[0].tool",
        "length(output)",
        '"output".text',
        "output | [0]",
        "[output][0].a",
    ],
)
def test_an_output_without_the_wanted_part_is_an_answer_that_the_evaluator_gets(path: str):
    for output in (None, 7 if path != "output" else None):
        assert read({**CONTEXT, "output": output}, a_variable("v"), v=path) == {"v": None}


def test_a_part_of_the_record_whose_name_begins_alike_is_no_output():
    assert not compile_readers([a_variable("v", default_path="input.output")], [])[0].from_output


@pytest.mark.parametrize(
    ("mapping", "field", "said"),
    [
        ([("nope", "input")], "mapping[0].variable", "has no variable 'nope'; it has text, extra"),
        ([("text", "input"), ("extra", "output"), ("text", "output")], "mapping[2].variable", "mapped twice"),
        ([("text", "input..x")], "mapping[0].path", "no JMESPath"),
        ([("text", "")], "mapping[0].path", "no JMESPath"),
        ([("text", "input["), ("extra", "input")], "mapping[0].path", "no JMESPath"),
        ([("text", "nofunction(input)")], "mapping[0].path", "'nofunction', which is no function"),
        ([("text", "input[?nofunction(@)]")], "mapping[0].path", "'nofunction', which is no function"),
        ([("text", "answer")], "mapping[0].path", "starts at 'answer'"),
        ([("text", "outputs.answer")], "mapping[0].path", "starts at 'outputs'"),
        ([("text", "length(answer)")], "mapping[0].path", "starts at 'answer'"),
        ([("text", "output || answer")], "mapping[0].path", "starts at 'answer'"),
        ([("text", "answer | [0]")], "mapping[0].path", "starts at 'answer'"),
        ([("text", "answer[?x]")], "mapping[0].path", "starts at 'answer'"),
        ([("text", "{a: input, b: answer}")], "mapping[0].path", "starts at 'answer'"),
        ([("text", "[" * 490 + "input" + "]" * 490)], "mapping[0].path", "too deep"),
        ([("text", "input." + "a" * 1000)], "mapping[0].path", "1,000 characters"),
        ([("text", "input.\ud800")], "mapping[0].path", "surrogate"),
        ([("extra", "input")], "mapping", "'text' is required"),
        ([], "mapping", "'text' is required"),
    ],
)
def test_a_mapping_that_can_not_work_is_refused(mapping: list[tuple[str, str]], field: str, said: str):
    variables = a_variable("text"), a_variable("extra", required=False)
    entries = [VariableMapping(variable=variable, path=path) for variable, path in mapping]
    with pytest.raises(BadInput, match=said.replace("[", r"\[")) as refused:
        check_mapping(variables, entries)
    assert refused.value.field == field


def test_the_field_that_is_refused_begins_as_the_caller_says():
    with pytest.raises(BadInput) as refused:
        check_mapping([a_variable("v")], [VariableMapping(variable="v", path="x")], field="input.mapping")
    assert refused.value.field == "input.mapping[0].path"


@pytest.mark.filterwarnings("ignore:deprecated string literal syntax")
@QUICK
@given(st.text(max_size=50) | st.text("input.output[]?*'`|&@(){}:,!=<> 0\"", max_size=60), st.data())
def test_any_text_is_a_path_that_can_be_read_or_is_refused(path: str, data: st.DataObject):
    mapping = [VariableMapping(variable="v", path=path)]
    refusal = refusal_of(lambda: check_mapping([a_variable("v", required=False)], mapping))
    if refusal is not None:
        assert refusal.field == "mapping[0].path"
        return
    leaf = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
    value = st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
    context = {root: data.draw(value) for root in ROOTS}
    assert set(read_variables(compile_readers([a_variable("v", required=False)], mapping), context)) <= {"v"}

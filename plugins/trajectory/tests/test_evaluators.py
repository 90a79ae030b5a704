import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_trajectory import (
    ForbiddenTools,
    ForbiddenToolsConfig,
    MaxSteps,
    MaxStepsConfig,
    ToolCalls,
    ToolCallsConfig,
    ToolPrecisionRecall,
    ToolPrecisionRecallConfig,
)

SPANS = {"spans": [{"kind": "LLM", "name": "m"}, {"kind": "TOOL", "name": "a"}, {"kind": "LLM", "name": "m"}]}


@pytest.mark.parametrize(
    ("config", "made", "expected", "value", "explanation"),
    [
        ({}, "ab", "ab", True, "The 2 calls are the expected ones."),
        ({}, "", "", True, "The 0 calls are the expected ones."),
        ({}, "ba", "ab", False, "Call 1 is b, expected was a."),
        ({}, "a", "ab", False, "Call 2 is missing: b."),
        ({}, "abc", "ab", False, "Call 3 was not expected: c."),
        ({"match": "in_order"}, "xaybz", "ab", True, "All 2 expected calls were made in that order."),
        ({"match": "in_order"}, "ba", "ab", False, "Not called in that order: b."),
        ({"match": "in_order", "allow_extra": False}, "axb", "ab", False, "Called beside what was expected: x."),
        ({"match": "any_order"}, "bxa", "ab", True, "All 2 expected calls were made."),
        ({"match": "any_order"}, "a", "aa", False, "Not called: a."),
        ({"match": "any_order", "allow_extra": False}, "ba", "ab", True, "All 2 expected calls were made."),
        ({"match": "any_order", "allow_extra": False}, "aab", "ab", False, "Called beside what was expected: a."),
        ({"match": "any_order"}, "", "abcdefg", False, "Not called: a, b, c, d, e and 2 more."),
    ],
)
def test_the_expected_tools_are_looked_for(config, made, expected, value, explanation):
    score = ToolCalls(ToolCallsConfig(**config)).evaluate(trace=list(made), expected=list(expected))
    assert (score.value, score.explanation) == (value, explanation)


@pytest.mark.parametrize(("arguments", "value"), [("equal", False), ("contain", True), ("ignore", True)])
def test_arguments_count_as_the_config_says(arguments, value):
    made = [{"name": "a", "arguments": {"x": 1, "y": 2}}]
    score = ToolCalls(ToolCallsConfig(arguments=arguments)).evaluate(
        trace=made, expected=[{"name": "a", "arguments": {"x": 1}}]
    )
    assert score.value is value


@pytest.mark.parametrize(
    ("made", "expected", "precision", "recall", "f1"),
    [
        # The definitions of "Trajectory precision" and "Trajectory recall" in Google's "Evaluate Gen AI agents":
        # two of the three calls made were expected, and two of the four expected were made.
        ("abx", "abcd", 2 / 3, 2 / 4, 4 / 7),
        ("ab", "ab", 1.0, 1.0, 1.0),
        ("x", "ab", 0.0, 0.0, 0.0),
        ("aa", "a", 1 / 2, 1.0, 2 / 3),
        ("", "a", 0.0, 0.0, 0.0),
        ("a", "", 0.0, 1.0, 0.0),
        ("", "", 1.0, 1.0, 1.0),
    ],
)
def test_precision_and_recall_are_counted(made, expected, precision, recall, f1):
    values = {
        measure: ToolPrecisionRecall(ToolPrecisionRecallConfig(measure=measure)).evaluate(
            trace=list(made), expected=list(expected)
        )
        for measure in ("precision", "recall", "f1")
    }
    assert {measure: score.value for measure, score in values.items()} == {
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }
    assert values["f1"].metadata == {"precision": precision, "recall": recall, "f1": f1}


def test_what_is_missing_and_what_was_not_expected_is_named():
    score = ToolPrecisionRecall(ToolPrecisionRecallConfig()).evaluate(trace=["a", "x"], expected=["a", "b"])
    assert score.explanation == "1 of 2 expected calls were made; missing: b; not expected: x."


@pytest.mark.parametrize(
    ("tools", "value"),
    [(["delete_all"], False), (["delete_*"], False), (["*"], False), (["Delete_*", "drop"], True), (["delete"], True)],
)
def test_forbidden_tools_are_found(tools, value):
    score = ForbiddenTools(ForbiddenToolsConfig(tools=tools)).evaluate(trace=["search", "delete_all"])
    assert score.value is value


def test_a_forbidden_call_is_shown():
    score = ForbiddenTools(ForbiddenToolsConfig(tools=("rm",))).evaluate(trace=[{"name": "rm", "args": {"path": "/"}}])
    assert score.explanation == 'Called although forbidden: rm("path": "/").'


@pytest.mark.parametrize(
    ("config", "value", "explanation"),
    [
        ({"most": 1}, True, "1 tool calls, at most 1 pass."),
        ({"most": 0}, False, "1 tool calls, at most 0 pass."),
        ({"most": 1, "count": "model_calls"}, False, "2 model calls, at most 1 pass."),
        ({"most": 3, "count": "both"}, True, "3 steps, at most 3 pass."),
    ],
)
def test_steps_are_counted(config, value, explanation):
    score = MaxSteps(MaxStepsConfig(**config)).evaluate(trace=SPANS)
    assert (score.value, score.explanation) == (value, explanation)


def test_a_list_of_calls_tells_no_model_calls():
    with pytest.raises(EvaluationError, match="tells no model calls: count tool_calls"):
        MaxSteps(MaxStepsConfig(most=1, count="both")).evaluate(trace=["a"])


def test_records_without_what_is_needed_are_skipped():
    for evaluator in (ToolCalls(ToolCallsConfig()), ToolPrecisionRecall(ToolPrecisionRecallConfig())):
        with pytest.raises(Skip, match="has no trace"):
            evaluator.evaluate(trace=None, expected=["a"])
        with pytest.raises(Skip, match="has no expected tool calls"):
            evaluator.evaluate(trace=["a"], expected=None)
        with pytest.raises(EvaluationError, match="The expected value is neither a list"):
            evaluator.evaluate(trace=["a"], expected="a")
        with pytest.raises(EvaluationError, match="The trace is neither a list"):
            evaluator.evaluate(trace="a", expected=["a"])
    with pytest.raises(Skip, match="has no trace"):
        MaxSteps(MaxStepsConfig(most=1)).evaluate(trace=None)


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        (ToolCallsConfig, {"match": "strict"}, "match"),
        (ToolCallsConfig, {"arguments": "same"}, "arguments"),
        (ToolPrecisionRecallConfig, {"measure": "f2"}, "measure"),
        (ForbiddenToolsConfig, {}, "tools"),
        (ForbiddenToolsConfig, {"tools": []}, "tools"),
        (MaxStepsConfig, {}, "most"),
        (MaxStepsConfig, {"most": -1}, "most"),
    ],
)
def test_a_wrong_config_names_its_field(kind, config, field):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]

import math
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_structured import DifferenceConfig, JsonDifference, JsonSimilarity, _difference


def _score(output, expected, **config):
    return JsonDifference(DifferenceConfig(**config)).evaluate(output=output, expected=expected)


def _similarity(output, expected, **config):
    return JsonSimilarity(DifferenceConfig(**config)).evaluate(output=output, expected=expected)


@pytest.mark.parametrize(
    ("config", "output", "expected"),
    [
        ({}, {"b": [1, None], "a": 1.0}, {"a": 1, "b": [1, None]}),
        ({}, '{"a": [true]}', {"a": [True]}),
        ({}, '```json\n{"a": 1}\n```', '{"a": 1}'),
        ({"parse_text": False}, "Paris", "Paris"),
        ({"absolute_tolerance": 0.01}, {"a": 1.01}, {"a": 1}),
        ({"relative_tolerance": 0.1}, [90], [100]),
        ({"ignore_case": True}, {"City": "PARIS"}, {"city": "paris"}),
        # DeepDiff's docs, "Ignore Order", without the repeated 3.
        ({"ignore_order": True}, {"a": "hello", "b": [1, 3, 2]}, {"a": "hello", "b": [1, 2, 3]}),
        ({"ignore_order": True}, [2.0, {"x": [1, 2]}], [{"x": [2, 1]}, 2]),
        ({"ignore_order": True, "absolute_tolerance": 0.01}, [{"a": 2.001}, {"a": 1}], [{"a": 1.0}, {"a": 2}]),
        ({"ignore_order": True, "absolute_tolerance": 0.5}, [30.1, 10.2, 20.3], [10, 20, 30]),
        ({"ignore_paths": ["$.id"]}, {"id": 1, "x": 2}, {"x": 2}),
        ({"ignore_paths": ["$.rows[*].id"]}, {"rows": [{"id": 1}, {"id": 2}]}, {"rows": [{"id": 3}, {}]}),
        ({"ignore_paths": ["$[1]"]}, [1, 2], [1, 3]),
        ({"ignore_paths": ["$..at"]}, {"at": 1, "a": [{"at": 2}]}, {"at": 3, "a": [{"at": 4}]}),
        ({"ignore_paths": ["$['a b']"]}, {"a b": 1}, {"a b": 2}),
        ({"ignore_paths": ["$[*].id"], "ignore_order": True}, [{"id": 1, "x": 1}, {"x": 2}], [{"x": 2}, {"x": 1}]),
    ],
)
def test_what_does_not_count_is_no_difference(config, output, expected):
    score = _score(output, expected, **config)
    assert score.explanation == "The output is as expected."
    assert score.value is True
    assert _similarity(output, expected, **config).value == 1.0


@pytest.mark.parametrize(
    ("config", "output", "expected", "explanation"),
    [
        ({}, {"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "$.a[1].b is 2, not 3."),
        ({}, {"a": 1}, {"a": True}, "$.a is 1, not true."),
        ({}, {"a": 0}, {"a": False}, "$.a is 0, not false."),
        ({}, [0, 1], [False, True], "$[0] is 0, not false; $[1] is 1, not true."),
        ({"ignore_order": True}, [{"a": [1]}], [{"a": [True]}],
         "$[0].a[0] is 1, and should not be there; $[0].a[0] is missing: true."),
        ({}, [{"a": [True]}], [], '$[0] is {"a": [true]}, and should not be there.'),
        ({}, {"a": "1"}, {"a": 1}, '$.a is "1", not 1.'),
        ({}, {"a": None}, {}, "$.a is null, and should not be there."),
        ({}, {}, {"a b": None}, '$["a b"] is missing: null.'),
        ({}, {"__a": 1}, {"__a": 2}, "$.__a is 1, not 2."),
        ({}, [1], {"a": 1}, '$ is [1], not {"a": 1}.'),
        ({}, [1, 3, 2], [1, 2, 3], "$[1] is 3, not 2; $[2] is 2, not 3."),
        ({}, 1_000_000_001, 1_000_000_000, "$ is 1000000001, not 1000000000."),
        ({"absolute_tolerance": 0.01}, {"a": 1.02}, {"a": 1}, "$.a is 1.02, not 1."),
        ({"absolute_tolerance": 0.01}, 1_000_000_001, 1_000_000_000, "$ is 1000000001, not 1000000000."),
        ({"relative_tolerance": 0.1}, [100], [90], "$[0] is 100, not 90."),
        ({}, [5, 6, 7, 8], [1, 2, 3, 4], "$[0] is 5, not 1; $[1] is 6, not 2; $[2] is 7, not 3; and 1 more."),
        # DeepDiff's docs, "Reporting Repetitions".
        ({"ignore_order": True}, [4, 4, 1], [1, 3, 1, 4],
         "$[0] is there 1 times, not 2: 1; $[1] is missing: 3; $[3] is there 2 times, not 1: 4."),
        ({}, None, {"a": 1}, "The system gave no output."),
        ({}, "Paris", {"a": 1}, "The output is no JSON: Expecting value: line 1 column 1 (char 0)."),
    ],
)  # fmt: skip
def test_differences_are_told_by_their_places(config, output, expected, explanation):
    score = _score(output, expected, **config)
    assert score.explanation == explanation
    assert score.value is False
    assert _similarity(output, expected, **config).explanation == explanation


@pytest.mark.parametrize(
    ("expected", "output", "distance", "config"),
    [
        # DeepDiff's docs, "Get Deep Distance".
        (10.0, 10.1, 0.0014925373134328302, {}),
        (10.0, 100.1, 0.24550408719346048, {}),
        (10.0, 1000.1, 0.29405999405999406, {}),
        ([1], [1], 0, {}),
        ([1], [1, 2], 0.2, {}),
        ([1], [1, 2, 3], 0.3333333333333333, {}),
        ([[2, 1]], [[1, 2, 3]], 0.1111111111111111, {"ignore_order": True}),
        # The same, "Cutoff Distance For Pairs".
        (1.0, 20.0, 0.2714285714285714, {}),
    ],
)
def test_similarity_is_one_less_the_distance_of_deepdiffs_docs(expected, output, distance, config):
    assert _similarity(output, expected, **config).value == 1 - distance


def test_no_output_and_no_json_are_nothing_alike():
    assert _similarity(None, {"a": 1}).value == 0
    assert _similarity("Paris", {"a": 1}).value == 0


@pytest.mark.parametrize("score", [_score, _similarity])
def test_a_record_without_an_expected_document_is_skipped_and_a_broken_one_is_an_error(score):
    with pytest.raises(Skip, match="no expected output"):
        score({}, None)
    with pytest.raises(EvaluationError, match=r"The expected output is no JSON: Expecting value.+ turn parse_text off"):
        score({}, "Paris")


@pytest.mark.parametrize("output", [0, True, math.nan, "\ud800", {"": {"\x00'\"": None}}, [[[[]]]], "é" * 1_000_000])
def test_hostile_values_are_compared(output):
    assert _score(output, {"a": 1}).value is False
    assert 0 <= _similarity(output, {"a": 1}).value < 1
    assert _score(output, [output], parse_text=False).value is False


def test_what_is_nested_without_end_is_an_error():
    deep, other = 1, 2
    for _ in range(5_000):
        deep, other = [deep], [other]
    with pytest.raises(EvaluationError, match="nested too deep to be compared"):
        _score(deep, other)


def test_lists_that_would_take_minutes_are_refused(monkeypatch):
    monkeypatch.setattr(_difference, "_MOST_COMPARISONS", 200)
    long = [{"i": place} for place in range(40)]
    other = [{"i": -place - 10} for place in range(40)]
    with pytest.raises(EvaluationError, match="too long to be compared in any order within a tolerance"):
        _score(long, other, ignore_order=True, absolute_tolerance=0.1)
    score = _score([*long[:20], *other[20:]], long, ignore_order=True)
    assert score.explanation.startswith('$[20] is missing: {"i": 20}; $[20] is {"i": -30}, and should not be there; ')
    assert score.explanation.endswith("; and 37 more.")


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"absolute_tolerance": -1}, "absolute_tolerance"),
        ({"relative_tolerance": math.nan}, "relative_tolerance"),
        ({"ignore_paths": ["id"]}, "ignore_paths"),
        ({"ignore_paths": ["$"]}, "ignore_paths"),
        ({"ignore_paths": ["$.a[?(@.b)]"]}, "ignore_paths"),
        ({"ignore_paths": ["$.a", "$.b["]}, "ignore_paths"),
        ({"epsilon": 1}, "epsilon"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        DifferenceConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_deepdiff_costs_only_those_who_use_it():
    program = "import sys, evalyard_structured; print('deepdiff' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text("ab_", max_size=3)
DOCUMENTS = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text("ab_", max_size=3), part), max_leaves=12
)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_only_equal_documents_have_no_difference(one, other):
    assert _score([one], [other], parse_text=False).value is (_plain(one) == _plain(other))


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_in_any_order_only_equal_multisets_have_no_difference(one, other):
    equal = _plain(one, ordered=False) == _plain(other, ordered=False)
    assert _score([one], [other], parse_text=False, ignore_order=True).value is equal


@settings(max_examples=40, deadline=None)
@given(st.lists(DOCUMENTS, max_size=4), st.randoms(use_true_random=False))
def test_a_shuffled_list_has_no_difference_where_order_does_not_count(members, random):
    assert _score(random.sample(members, len(members)), members, ignore_order=True).value is True
    assert _similarity(members, members).value == 1


def _plain(value, *, ordered=True):
    """Write a document so that equal ones are equal texts: types by name, numbers by value, keys in order."""
    match value:
        case list():
            parts = [_plain(part, ordered=ordered) for part in value]
            return f"[{','.join(parts if ordered else sorted(parts))}]"
        case dict():
            return f"{{{','.join(f'{key!r}:{_plain(part, ordered=ordered)}' for key, part in sorted(value.items()))}}}"
        case bool() | str() | None:
            return repr(value)
        case _:
            return f"number {Fraction(value)}"

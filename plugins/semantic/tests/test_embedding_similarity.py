import pytest
from pydantic import ValidationError

from evalyard import Skip
from evalyard_openai import EndpointError
from evalyard_semantic import EmbeddingSimilarityConfig
from tests.support.openai_replies import Fault, Raw

VECTORS = {"paris": [1.0, 0.0], "rome": [0.0, 1.0], "city": [1.0, 1.0], "no": [-1.0, 0.0]}


def by_text(asked):
    return [VECTORS[text] for text in asked.body["input"]]


def cases(*pairs):
    return [{"output": output, "expected": expected} for output, expected in pairs]


async def test_a_batch_is_one_request_with_each_text_once(openai, make_evaluator):
    openai.embeddings.answers(by_text)
    scores = await make_evaluator().evaluate_batch(
        cases(("paris", "city"), ("rome", "city"), ("paris", "rome"), ("no", "paris"))
    )
    assert [score.value for score in scores] == pytest.approx([2**-0.5, 2**-0.5, 0.0, -1.0], abs=1e-15)
    assert scores[0].explanation == 'The output is "paris", expected was "city".'
    assert scores[0].metadata == {"model": "test-embedding"}
    assert [asked.body["input"] for asked in openai.embeddings.asked] == [["paris", "city", "rome", "no"]]


async def test_long_batches_are_several_requests(openai, make_evaluator):
    openai.embeddings.answers(by_text)
    scores = await make_evaluator(max_texts=3).evaluate_batch(cases(("paris", "rome"), ("city", "no")))
    assert [score.value for score in scores] == pytest.approx([0.0, -(2**-0.5)], abs=1e-15)
    assert sorted(len(asked.body["input"]) for asked in openai.embeddings.asked) == [1, 3]


async def test_tokens_and_cost_add_up_to_what_was_paid(openai, make_evaluator):
    texts = cases(("one two three", "four"), ("five", "six"), ("seven", "four"))
    scores = await make_evaluator(prices={"input": 0.02}).evaluate_batch(texts)
    tokens = [score.prompt_tokens for score in scores]
    assert sum(tokens) == 7
    assert tokens[0] > tokens[1]
    assert [score.cost_usd for score in scores] == [count * 0.02 / 1e6 for count in tokens]


async def test_without_usage_there_is_no_cost(openai, make_evaluator):
    rows = b'{"data": [{"index": 0, "embedding": [1, 0]}, {"index": 1, "embedding": [1, 1]}]}'
    openai.embeddings.answers(Raw(rows))
    (score,) = await make_evaluator(prices={"input": 0.02}).evaluate_batch(cases(("a", "b")))
    assert (score.value, score.prompt_tokens, score.cost_usd) == (pytest.approx(2**-0.5), None, None)
    assert score.metadata == {"model": None}


async def test_what_needs_no_vectors_asks_for_none(openai, make_evaluator):
    scores = await make_evaluator().evaluate_batch(
        cases(
            (None, "Paris"),
            ("Paris", None),
            ("Paris\n", "Paris"),
            (" ", "Paris"),
            ("Paris", ""),
            ({"a": 1}, '{"a": 1}'),
        )
    )
    assert isinstance(scores[1], Skip)
    assert [score.value for score in scores if not isinstance(score, Skip)] == [0.0, 1.0, 0.0, 0.0, 1.0]
    assert openai.embeddings.asked == []
    assert await make_evaluator().evaluate_batch([]) == []


async def test_a_text_that_is_refused_costs_the_scores_that_need_it(openai, make_evaluator):
    def refuse_long(asked):
        if any(len(text) > 100 for text in asked.body["input"]):
            return Fault(400, "This model's maximum context length is 8192 tokens.")
        return [[1.0, 0.0]] * len(asked.body["input"])

    openai.embeddings.answers(refuse_long)
    pairs = [(f"text {number}", "same") for number in range(7)]
    scores = await make_evaluator().evaluate_batch(cases(*pairs, ("x" * 101, "same"), ("text 8", "same")))
    assert [getattr(score, "value", None) for score in scores] == [1.0] * 7 + [None] + [1.0]
    assert isinstance(scores[7], EndpointError)
    assert "maximum context length" in str(scores[7])
    assert len(openai.embeddings.asked) <= 9


async def test_another_fault_costs_its_request_and_no_more_requests(openai, make_evaluator):
    openai.embeddings.answers(Fault(401, "No."))
    scores = await make_evaluator().evaluate_batch(cases(("a", "b"), ("c", "d"), (None, "e")))
    assert [isinstance(score, EndpointError) for score in scores] == [True, True, False]
    assert len(openai.embeddings.asked) == 1


@pytest.mark.parametrize(
    "output", ["\ud800", "\x00", "x" * 300_000, ["a", {"b": None}], 1e308, float("nan"), True, "﷽" * 99]
)
async def test_any_value_can_be_compared(openai, make_evaluator, output):
    (score,) = await make_evaluator().evaluate_batch(cases((output, "Paris")))
    assert -1 <= score.value <= 1


@pytest.mark.parametrize(
    ("config", "field"),
    [({"max_texts": 0}, "max_texts"), ({"max_texts": 2049}, "max_texts"), ({"api_key": "k"}, "api_key")],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        EmbeddingSimilarityConfig.model_validate({"model": "m"} | config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]

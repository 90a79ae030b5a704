import sys
from importlib.resources import files

import autoevals.oai
import pytest
import yaml

from evalyard import EvaluationError, Skip
from evalyard_autoevals import (
    Battle,
    ClosedQA,
    ContextPrecision,
    ContextRecall,
    ContextRelevancy,
    Factuality,
    Faithfulness,
    Humor,
    Possible,
    Security,
    Sql,
    Summary,
    Translation,
)
from evalyard_openai import EndpointError
from tests.support.openai_replies import Fault, Reply, ToolCall

#: Each scorer that chooses, autoevals' file of its prompt and points, and what else it is made of and given.
CHOOSING = [
    (Battle, "battle", {}, {"expected": "theirs", "instructions": "Sort it."}),
    (ClosedQA, "closed_q_a", {"criteria": "It is brief."}, {"input": "Sort it."}),
    (Factuality, "factuality", {}, {"expected": "theirs", "input": "Sort it."}),
    (Humor, "humor", {}, {}),
    (Possible, "possible", {}, {"input": "Sort it."}),
    (Security, "security", {}, {}),
    (Sql, "sql", {}, {"expected": "theirs", "input": "Sort it."}),
    (Summary, "summary", {}, {"expected": "theirs", "input": "Sort it."}),
    (Translation, "translation", {"language": "Spanish"}, {"expected": "theirs", "input": "Sort it."}),
]


def chosen(choice, **more):
    return Reply(tool_calls=[ToolCall("select_choice", {"reasons": "So it is.", "choice": choice})], **more)


def called(name, **arguments):
    return Reply(tool_calls=[ToolCall(name, arguments)])


@pytest.mark.parametrize(
    ("kind", "file", "config", "given"), CHOOSING, ids=lambda value: getattr(value, "__name__", "")
)
async def test_choices_have_the_points_of_autoevals_own_files(openai, make_scorer, kind, file, config, given):
    spec = yaml.safe_load(files("autoevals").joinpath("templates", f"{file}.yaml").read_text())
    scorer = make_scorer(kind, **config)
    for choice, points in spec["choice_scores"].items():
        openai.chat.answers(chosen(choice))
        score = await scorer.evaluate(output="ours", **given)
        assert score.value == points
        assert score.explanation == f"{choice}: So it is."
        prompt = openai.chat.asked[-1].prompt
        assert prompt.startswith(spec["prompt"][:20])
        assert all(value in prompt for value in ["ours", *config.values(), *given.values()])
    assert len(openai.chat.asked) == len(spec["choice_scores"])


async def test_a_score_carries_what_it_took(openai, make_scorer):
    openai.chat.answers(Fault.rate_limit("0"), chosen("C", prompt_tokens=100, completion_tokens=20))
    score = await make_scorer(Factuality, prices={"input": 1, "output": 10}).evaluate(
        output="a", expected="b", input="c"
    )
    assert (score.prompt_tokens, score.completion_tokens, score.cost_usd) == (100, 20, 300 / 1e6)
    assert score.metadata == {"choice": "C", "rationale": "So it is.", "model": "test-chat", "attempts": 2}


@pytest.mark.parametrize(
    ("config", "sent"), [({}, None), ({"temperature": 0}, 0), ({"parameters": {"temperature": 1}, "temperature": 0}, 1)]
)
async def test_the_temperature_is_the_models_unless_it_is_set(openai, make_scorer, config, sent):
    openai.chat.answers(chosen("Yes"))
    await make_scorer(Humor, **config).evaluate(output="a")
    assert openai.chat.asked[0].body.get("temperature") == sent


async def test_gpt_5_is_asked_for_a_chat_completion_like_others(openai, make_scorer):
    openai.models.append("gpt-5-mini")
    openai.chat.answers(chosen("Yes"))
    await make_scorer(Humor, model="gpt-5-mini", use_cot=False).evaluate(output="a")
    (asked,) = openai.chat.asked
    assert asked.body["model"] == "gpt-5-mini"
    assert "reasons" not in asked.body["tools"][0]["function"]["parameters"]["properties"]


async def test_nothing_of_the_process_is_used(openai, make_scorer, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-worker")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    openai.chat.answers(chosen("Yes"))
    one, other = make_scorer(Humor), make_scorer(Humor, base_url="http://127.0.0.1:1/v1", max_attempts=1)
    assert (await one.evaluate(output="a")).value == 1.0
    with pytest.raises(EndpointError, match=r"The connection to 127\.0\.0\.1:1 failed"):
        await other.evaluate(output="a")
    assert autoevals.oai._client_var.get(None) is None
    assert openai.chat.asked[0].headers["authorization"] == f"Bearer {openai.key}"


@pytest.mark.parametrize(
    "answer",
    [
        chosen("Z"),
        chosen(7),
        called("other", choice="Yes"),
        called("select_choice", reasons="So."),
        Reply("Yes, it is."),
        Reply(tool_calls=[]),
    ],
)
async def test_an_answer_that_autoevals_can_not_take_is_an_error(openai, make_scorer, answer):
    openai.chat.answers(answer)
    with pytest.raises(EndpointError, match="The model's answer is not what autoevals' Humor asks for"):
        await make_scorer(Humor).evaluate(output="a")


async def test_criteria_come_from_the_record_or_the_config(openai, make_scorer):
    openai.chat.answers(chosen("Y"))
    await make_scorer(ClosedQA, criteria="the config's").evaluate(output="a", criteria="the record's")
    assert "[Criterion]: the record's" in openai.chat.asked[0].prompt
    with pytest.raises(EvaluationError, match="There are no criteria"):
        await make_scorer(ClosedQA).evaluate(output="a")


async def test_the_output_is_shown_as_it_is_and_put_in_once(openai, make_scorer):
    openai.chat.answers(chosen("Yes"))
    scorer = make_scorer(Humor)
    for output, shown in [
        ({"b": "<ä>", "a": 1}, '{"a": 1, "b": "<ä>"}'),
        ("{{expected}} {{#output}}", None),
        ("\ud800", "?"),
    ]:
        await scorer.evaluate(output=output)
        assert f"\n\n{shown or output}\n" in openai.chat.asked[-1].prompt


async def test_no_output_is_0_and_no_expected_output_is_skipped(openai, make_scorer):
    assert (await make_scorer(Factuality).evaluate(output=None, expected="a")).value == 0.0
    for kind in (Factuality, Battle, Sql, Summary):
        with pytest.raises(Skip, match="no expected output"):
            await make_scorer(kind).evaluate(output="a", expected=None)
    assert openai.chat.asked == []


async def test_faithfulness_is_the_share_of_statements_that_follow(openai, make_scorer):
    verdicts = [{"statement": "a", "reason": "r", "verdict": 1}, {"statement": "b", "reason": "r", "verdict": 0}]
    openai.chat.answers(called("s", statements=["a", "b"]), called("f", faithfulness=verdicts))
    score = await make_scorer(Faithfulness).evaluate(output="a b", input="Which?", context=["one", {"n": 2}])
    assert score.value == 0.5
    assert score.metadata["attempts"] == 2
    assert 'one\n{"n": 2}' in openai.chat.asked[1].prompt
    openai.chat.answers(called("s", statements=[]), called("f", faithfulness=[]))
    with pytest.raises(EndpointError, match="ZeroDivisionError"):
        await make_scorer(Faithfulness).evaluate(output="a b", input="Which?", context="one")


async def test_context_is_scored_as_autoevals_counts(openai, make_scorer):
    given = {"input": "Which?", "context": "0123456789"}
    openai.chat.answers(called("s", sentences=[{"sentence": "012", "reasons": []}]))
    assert (await make_scorer(ContextRelevancy).evaluate(**given)).value == 0.3
    statements = [{"statement": "s", "attributed": attributed, "reason": "r"} for attributed in (1, 1, 0, 1)]
    openai.chat.answers(called("s", statements=statements))
    assert (await make_scorer(ContextRecall).evaluate(expected="e", **given)).value == 0.75
    openai.chat.answers(called("s", verdict=1, reason="r"))
    assert (await make_scorer(ContextPrecision).evaluate(expected="e", **given)).value == 1.0


async def test_retrieval_needs_a_question_and_a_context(openai, make_scorer):
    with pytest.raises(Skip, match="no context"):
        await make_scorer(ContextRelevancy).evaluate(input="Which?", context=None)
    with pytest.raises(Skip, match="no input, which is the question"):
        await make_scorer(Faithfulness).evaluate(output="a", input=None, context="c")
    assert openai.chat.asked == []

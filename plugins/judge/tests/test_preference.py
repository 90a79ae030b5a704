import pytest

from evalyard import Skip
from evalyard_judge import JudgePreference
from evalyard_openai import EndpointError
from tests.support.openai_replies import Fault, Reply


def script(with_output_as_a, with_output_as_b):
    """Answer by the order of the two; "ours" is the output."""

    def answer(asked):
        is_a = asked.prompt.index("\nours\n") < asked.prompt.index("\ntheirs\n")
        verdict = with_output_as_a if is_a else with_output_as_b
        return Reply({"explanation": f"{verdict} it is.", "verdict": verdict}, prompt_tokens=50, completion_tokens=5)

    return answer


@pytest.mark.parametrize(
    ("verdicts", "value", "winner", "biased"),
    [
        (("A", "B"), 1.0, "output", False),
        (("B", "A"), 0.0, "baseline", False),
        (("tie", "tie"), 0.5, "tie", False),
        (("A", "A"), 0.5, "tie", True),
        (("B", "B"), 0.5, "tie", True),
        (("A", "tie"), 0.5, "tie", False),
        (("tie", "A"), 0.5, "tie", False),
    ],
)
async def test_an_answer_wins_that_wins_in_both_orders(openai, make_judge, verdicts, value, winner, biased):
    openai.chat.answers(script(*verdicts))
    judge = make_judge(JudgePreference, prices={"input": 1, "output": 2})
    score = await judge.evaluate(output="ours", baseline="theirs", input="Which?")
    assert (score.value, score.metadata["winner"], score.metadata["position_bias"]) == (value, winner, biased)
    assert ("(position bias)" in score.explanation) is biased
    assert f"With the output as A: {verdicts[0]} it is." in score.explanation
    assert f"With the output as B: {verdicts[1]} it is." in score.explanation
    assert (score.prompt_tokens, score.completion_tokens, score.cost_usd) == (100, 10, 120 / 1e6)
    assert score.metadata["attempts"] == 2
    assert len(openai.chat.asked) == 2


async def test_the_judge_sees_the_question_and_the_guideline(openai, make_judge):
    openai.chat.answers(script("A", "B"))
    await make_judge(JudgePreference, guideline="The shorter one.").evaluate(
        output="ours", baseline="theirs", input="Which?", context="a document"
    )
    for asked in openai.chat.asked:
        assert "Compare answer A with answer B by this guideline:\nThe shorter one." in asked.prompt
        assert "\nWhich?\n" in asked.prompt
        assert "\na document\n" in asked.prompt


async def test_equal_answers_and_no_output_need_no_judge(openai, make_judge):
    judge = make_judge(JudgePreference)
    same = await judge.evaluate(output={"a": 1, "b": 2}, baseline={"b": 2, "a": 1})
    none = await judge.evaluate(output=None, baseline="theirs")
    assert (same.value, same.explanation) == (0.5, "Both answers are the same.")
    assert (none.value, none.explanation) == (0.0, "The system gave no output.")
    with pytest.raises(Skip, match="no other answer"):
        await judge.evaluate(output="ours", baseline=None)
    assert openai.chat.asked == []


async def test_a_fault_in_one_order_is_a_fault(openai, make_judge):
    openai.chat.answers(Fault(400, "Too long."))
    with pytest.raises(EndpointError, match="Too long"):
        await make_judge(JudgePreference).evaluate(output="ours", baseline="theirs")


async def test_long_explanations_are_cut_so_that_both_are_seen(openai, make_judge):
    openai.chat.answers(Reply({"explanation": "x" * 5_000, "verdict": "tie"}))
    score = await make_judge(JudgePreference).evaluate(output="ours", baseline="theirs")
    assert len(score.explanation) <= 2_000
    assert "With the output as B: x" in score.explanation

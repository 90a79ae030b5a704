"""The verdict which of two answers is better."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from evalyard import Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, as_text
from evalyard_judge._asking import Asking, Judgement, make_score
from evalyard_judge._config import LONGEST_PROMPT, AskingConfig
from evalyard_judge._form import Form, Malformed, Verdict
from evalyard_judge._prompt import system_message
from evalyard_judge._template import fence, fence_code
from evalyard_openai import Scored, score_each

_FORM_VALUES: Final = ("A", "B", "tie")
_POINTS: Final = {"output": 1.0, "tie": 0.5, "baseline": 0.0}
_SAID: Final = {"output": "The output is better.", "tie": "A tie.", "baseline": "The other answer is better."}
_LONGEST_OF_TWO: Final = 900


class JudgePreferenceConfig(AskingConfig):
    """A judge that compares."""

    guideline: str = Field(
        "Prefer the answer that serves whoever asked better: correct first, then complete, then clear.",
        min_length=1,
        max_length=LONGEST_PROMPT,
        description="What makes one answer better than the other.",
    )


class JudgePreference(Evaluator[JudgePreferenceConfig]):
    """Ask a language model whether the output is better than another answer: 1, or 0.5 for a tie, or 0.

    It is asked twice, with the answers in both orders, and an answer wins that wins both times. Everything else is a
    tie, as in Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena" (2023), section 3.4; a judge that
    prefers a place to an answer is marked by `position_bias` in the score's metadata. So the mean over records is the
    rate of wins, ties counted as half.
    """

    score_type = ScoreType.NUMERIC

    def __init__(self, config: JudgePreferenceConfig) -> None:
        super().__init__(config)
        words = '"A" if answer A is better, "B" if answer B is better, and "tie" if neither is'
        self._form = Form({"type": "string", "enum": list(_FORM_VALUES)}, words, _check)
        self._asking = Asking(config, self._form)

    async def teardown(self) -> None:
        """Close the connections."""
        await self._asking.close()

    async def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        baseline: Annotated[Any, Variable("The other answer, by default the expected output.", path="expected")],
        input: Annotated[Any, Variable("What was asked.")] = None,
        context: Annotated[Any, Variable("What there was to go by, such as retrieved documents.")] = None,
    ) -> Score:
        """Ask the judge in both orders at once."""
        if baseline is None:
            raise Skip("The record has no other answer to compare the output with.")
        if output is None:
            return Score(_POINTS["baseline"], explanation=NO_OUTPUT)
        if as_text(output) == as_text(baseline):
            return Score(_POINTS["tie"], explanation="Both answers are the same.")
        asked = {"input": input, "context": context}
        try:
            async with asyncio.TaskGroup() as both:
                first = both.create_task(self._ask(asked, answer_a=output, answer_b=baseline))
                second = both.create_task(self._ask(asked, answer_a=baseline, answer_b=output))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return self._score(first.result(), second.result())

    async def evaluate_batch(self, cases: Sequence[Mapping[str, Any]]) -> list[Scored]:
        """Ask for all cases at once, as many as `max_concurrent` allows."""
        return await score_each(self.evaluate, cases)

    async def _ask(self, asked: dict[str, Any], **answers: Any) -> Judgement:
        values = asked | answers
        code = fence_code(values)
        shown = [fence(name, value, code) for name, value in values.items() if value is not None]
        user = "\n\n".join([f"Compare answer A with answer B by this guideline:\n{self.config.guideline}", *shown])
        return await self._asking.ask(system_message(self._form, code), user)

    def _score(self, first: Judgement, second: Judgement) -> Score:
        said = (first.verdict.value, second.verdict.value)
        preferred = [
            {"A": "output", "B": "baseline"}.get(said[0], "tie"),
            {"A": "baseline", "B": "output"}.get(said[1], "tie"),
        ]
        winner = preferred[0] if preferred[0] == preferred[1] else "tie"
        # The same letter twice is the same place twice: the two verdicts contradict each other.
        biased = said in {("A", "A"), ("B", "B")}
        both = Judgement(
            Verdict(winner, _explain(winner, first.verdict, second.verdict, biased=biased)),
            first.usage + second.usage,
            first.attempts + second.attempts,
            first.model,
        )
        metadata = {"winner": winner, "verdicts": preferred, "position_bias": biased}
        return make_score(_POINTS[winner], both, self.config, metadata=metadata)


def _explain(winner: str, first: Verdict, second: Verdict, *, biased: bool) -> str:
    bias = " The judge preferred the same place in both orders (position bias)." if biased else ""
    return (
        f"{_SAID[winner]}{bias} With the output as A: {first.explanation[:_LONGEST_OF_TWO]} "
        f"With the output as B: {second.explanation[:_LONGEST_OF_TWO]}"
    )


def _check(value: Any) -> str:
    if value not in _FORM_VALUES:
        raise Malformed('"verdict" is none of "A", "B" and "tie"')
    return str(value)

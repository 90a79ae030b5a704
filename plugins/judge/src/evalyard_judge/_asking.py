"""Asking a judge until it answers in the form that was asked for."""

from dataclasses import dataclass
from typing import Any, Final

from evalyard import Score
from evalyard_judge._config import AskingConfig
from evalyard_judge._form import Form, Malformed, Verdict, read_content
from evalyard_openai import Endpoint, EndpointError, Usage

_LONGEST_REPEATED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and what it took: the tokens of all answers, malformed ones too, and the requests sent."""

    verdict: Verdict
    usage: Usage
    attempts: int
    model: str | None


class Asking:
    """An endpoint, asked for verdicts of one form."""

    def __init__(self, config: AskingConfig, form: Form) -> None:
        self._config = config
        self._form = form
        self._endpoint = Endpoint(config)
        response_format = form.response_format(config.answer_format)
        self._parameters: dict[str, Any] = {
            name: value
            for name, value in {"temperature": config.temperature, "response_format": response_format}.items()
            if value is not None
        }

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def ask(self, system: str, user: str) -> Judgement:
        """Ask for a verdict; raises EndpointError when there is none after `max_answers` answers."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        usage, attempts, problem = Usage(), 0, ""
        for _ in range(self._config.max_answers):
            answer = await self._endpoint.complete(messages, **self._parameters)
            usage, attempts = usage + answer.usage, attempts + answer.attempts
            content = ""
            try:
                content = read_content(answer.body)
                return Judgement(self._form.read(content), usage, attempts, answer.model)
            except Malformed as malformed:
                problem = str(malformed)
                # At temperature 0 the same question would get the same answer.
                messages = [*messages[:2], *self._correction(content, problem)]
        raise EndpointError(
            f"The judge gave no usable answer in {self._config.max_answers} tries: {problem}.", code="BAD_ANSWER"
        )

    def _correction(self, content: str, problem: str) -> list[dict[str, str]]:
        wanted = f"That answer is not usable: {problem}. Answer again. {shape(self._form)}"
        said = [{"role": "assistant", "content": content[:_LONGEST_REPEATED]}] if content else []
        return [*said, {"role": "user", "content": wanted}]


def shape(form: Form) -> str:
    """Say in words what an answer has to look like."""
    return (
        'Answer with one JSON object and nothing else: {"explanation": "…", "verdict": …}. '
        f"Write the explanation first; the verdict follows from it. The verdict is {form.words}."
    )


def make_score(value: float | str, judgement: Judgement, config: AskingConfig, **more: Any) -> Score:
    """Return a score with what the judgement took; `more` goes over what it says."""
    usage = judgement.usage
    metadata = {"model": judgement.model, "attempts": judgement.attempts, **more.pop("metadata", {})}
    plain: dict[str, Any] = {
        "explanation": judgement.verdict.explanation,
        "metadata": metadata,
        "cost_usd": usage.cost_usd(config.prices),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
    }
    return Score(value, **plain | more)

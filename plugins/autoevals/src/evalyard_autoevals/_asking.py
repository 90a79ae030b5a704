"""The evaluator that all scorers with a model are."""

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import autoevals
from pydantic import Field
from typing_extensions import TypeVar

from evalyard import Evaluator, Score, ScoreType
from evalyard.values import as_text
from evalyard_autoevals._client import EndpointClient
from evalyard_autoevals._values import NO_SCORE, as_json, convert
from evalyard_openai import Endpoint, EndpointConfig, EndpointError, Scored, score_each

_LONGEST_EXPLANATION = 2_000


class AskingConfig(EndpointConfig):
    """The model that is asked."""

    temperature: float | None = Field(
        None,
        ge=0,
        le=2,
        description="How freely the model chooses its words; null leaves it to the model, as autoevals does.",
    )


AskingConfigT = TypeVar("AskingConfigT", bound=AskingConfig)


class Asking(Evaluator[AskingConfigT]):
    """Score with one of autoevals' scorers, `scorer`, which is made once and asks by a client of each score's own."""

    score_type = ScoreType.NUMERIC
    scorer: ClassVar[type[autoevals.Scorer]]

    def __init__(self, config: AskingConfigT) -> None:
        super().__init__(config)
        self._endpoint = Endpoint(config)
        self._scorer = self.scorer(model=config.model, **self._options())

    async def teardown(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def evaluate_batch(self, cases: Sequence[Mapping[str, Any]]) -> list[Scored]:
        """Ask for all cases at once, as many as `max_concurrent` allows."""
        # Each subclass defines it with the variables of its scorer.
        return await score_each(cast("Callable[..., Awaitable[Score]]", self.evaluate), cases)

    def _options(self) -> dict[str, Any]:
        return {}

    async def _ask(self, output: Any, **variables: Any) -> Score:
        """Ask for the score of an output; values that are no texts are shown as JSON, and none at all as nothing."""
        if output is None:
            return NO_SCORE
        client = EndpointClient(self._endpoint, self.config.temperature)
        scorer = copy.copy(self._scorer)
        scorer.client = client
        shown = {name: "" if value is None else as_text(value) for name, value in variables.items()}
        try:
            given = await scorer.eval_async(as_text(output), **shown)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # It trusts the model to call the function that it is told to call, and in the right way.
            reason = f"{type(error).__name__}: {error}"
            message = f"The model's answer is not what autoevals' {scorer._name()} asks for ({reason:.300})."  # noqa: SLF001
            raise EndpointError(message, code="BAD_ANSWER") from error
        return self._score(given, client)

    def _score(self, given: autoevals.Score, client: EndpointClient) -> Score:
        usage, said = client.usage, as_json(given.metadata)
        attempts = sum(answer.attempts for answer in client.answers)
        return convert(
            given,
            _explain(said),
            metadata={**said, "model": client.answers[0].model, "attempts": attempts},
            cost_usd=usage.cost_usd(self.config.prices),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
        )


def _explain(metadata: dict[str, Any]) -> str | None:
    if "choice" not in metadata:
        return None
    rationale = metadata.get("rationale")
    return f"{metadata['choice']}: {rationale}"[:_LONGEST_EXPLANATION] if rationale else str(metadata["choice"])

"""What autoevals asks through instead of the openai package."""

from typing import Any, NoReturn

from autoevals.oai import LLMClient

from evalyard_openai import Answer, Endpoint, EndpointError, Usage


class _NeverRaised(Exception):
    """What autoevals takes for a rate limit; the endpoint sits rate limits out by itself."""


class EndpointClient(LLMClient):  # type: ignore[misc] # autoevals has no types
    """Answer autoevals' requests by an endpoint, and keep the answers of one score.

    Autoevals takes any client that is an LLMClient as it is. This one sets the attributes that it reads by itself,
    since LLMClient's own constructor imports openai, and for some names of models turns to another API.
    """

    def __init__(self, endpoint: Endpoint, temperature: float | None) -> None:
        self.openai = None
        self.complete = self._complete
        self.embed = self.moderation = self._refuse
        self.RateLimitError = _NeverRaised
        self.is_async = True
        self._is_wrapped = False
        self.answers: list[Answer] = []
        self._endpoint = endpoint
        self._parameters = {} if temperature is None else {"temperature": temperature}

    @property
    def usage(self) -> Usage:
        """What all answers used."""
        return sum((answer.usage for answer in self.answers), Usage())

    async def _complete(self, *, messages: list[dict[str, Any]], model: str, **parameters: Any) -> dict[str, Any]:
        # The endpoint's config names the model, and is what `model` was taken from.
        del model
        answer = await self._endpoint.complete(messages, **self._parameters, **parameters)
        self.answers.append(answer)
        return dict(answer.body)

    async def _refuse(self, **_: Any) -> NoReturn:
        raise EndpointError("This scorer asks for more than chat completions.", code="NOT_OFFERED")

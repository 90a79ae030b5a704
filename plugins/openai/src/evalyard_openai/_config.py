"""Where an endpoint is, and how it is asked."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from evalyard import Config

_SECRET: Final = re.compile(r"\$\{secret:[A-Za-z0-9_]+\}")
#: What the evaluators themselves say in a request.
_OWN: Final = frozenset(
    {"encoding_format", "input", "messages", "model", "n", "response_format", "stream", "stream_options", "tools"}
)


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("this is no absolute http or https URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the URL may have no user, query or fragment: name the key in api_key")
    return url.rstrip("/")


def _check_key(key: str) -> str:
    # The value is not repeated: it may be a key.
    if key and not _SECRET.fullmatch(key):
        raise ValueError("write ${secret:NAME}, and give the worker the key in EVALYARD_SECRET_NAME")
    return key


def _check_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    if own := sorted(_OWN & parameters.keys()):
        raise ValueError(f"{', '.join(own)} can't be set here")
    return parameters


class Prices(Config):
    """What a model costs, in US dollars for a million tokens."""

    input: float = Field(ge=0, le=1e6, allow_inf_nan=False, description="Price of a million tokens that are read.")
    cached_input: float | None = Field(
        None, ge=0, le=1e6, allow_inf_nan=False, description="Price of a million that come from the cache; as input."
    )
    output: float = Field(
        0.0, ge=0, le=1e6, allow_inf_nan=False, description="Price of a million tokens that are written."
    )


class EndpointConfig(Config):
    """An OpenAI-compatible endpoint and a model."""

    model: str = Field(min_length=1, max_length=200, description="Name of the model, as the endpoint knows it.")
    base_url: Annotated[str, AfterValidator(_check_url)] = Field(
        "https://api.openai.com/v1",
        max_length=2_000,
        description="URL that /chat/completions and /embeddings come after.",
    )
    api_key: Annotated[str, AfterValidator(_check_key)] = Field(
        "${secret:OPENAI_API_KEY}",
        max_length=200,
        description=(
            "Reference to the key: ${secret:NAME} is the worker's environment variable EVALYARD_SECRET_NAME. "
            "Empty for an endpoint that wants none."
        ),
    )
    timeout_seconds: float = Field(20.0, gt=0, le=600, description="The longest that one request may take.")
    max_attempts: int = Field(
        4, ge=1, le=10, description="How often a request is sent that meets a rate limit, a fault or no answer."
    )
    max_concurrent: int = Field(
        16, ge=1, le=1_000, description="The most requests at once that an evaluator sends from a worker process."
    )
    prices: Prices | None = Field(None, description="What the model costs; without it scores carry no cost.")
    parameters: Annotated[dict[str, Any], AfterValidator(_check_parameters)] = Field(
        default_factory=dict,
        max_length=50,
        description='Further parameters of each request, for instance {"seed": 7, "reasoning_effort": "low"}.',
    )

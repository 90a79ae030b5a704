"""What a user sets for the `openai` target, checked before any call is made."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, JsonValue

from evalyard import Config
from evalyard.prices import Prices
from evalyard_targets._headers import Headers, Plain, SecretReference, Url
from evalyard_targets._template import Template

_MEBIBYTE: Final = 1024 * 1024
_OWN: Final = frozenset({"model", "messages", "tools", "response_format", "stream", "stream_options", "n"})

_WHOLE_INPUT: Final[JsonValue] = [{"role": "user", "content": {"$text": "{{input}}"}}]


def _check_extra(extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
    taken = sorted(extra.keys() & (_OWN | OpenAIConfig.model_fields.keys()))
    if taken:
        raise ValueError(f"{taken[0]} has no place in extra: it is an option of its own, or set by Evalyard.")
    return extra


class OpenAIConfig(Config):
    """Which model to ask, how, and what of its answer is the output.

    Templates are JSON in which `{"$text": "Answer {{input.question}}"}` stands for the text with what the JMESPaths
    find in {input, metadata, item_id, run_id, record_id, trial, attempt}, and `{"$path": "<JMESPath>"}` for a value.
    """

    base_url: Url = Field(
        "https://api.openai.com/v1",
        description="Where the API is; /chat/completions is put behind it, before a query.",
        json_schema_extra={"format": "uri", "pattern": "^https?://"},
    )
    model: str = Field(min_length=1, description="Name of the model.")
    api_key: SecretReference | None = Field(
        None, description="The key, as ${secret:NAME} for the worker's environment variable EVALYARD_SECRET_NAME."
    )
    headers: Headers = Field({}, description="More headers of each request; ${secret:NAME} as in api_key.")
    messages: Annotated[Template, Plain] = Field(
        _WHOLE_INPUT, description="Template of the messages; by default one of the user, the item's input."
    )
    temperature: float | None = Field(None, ge=0, description="Sampling temperature.")
    top_p: float | None = Field(None, gt=0, le=1, description="Nucleus sampling.")
    max_tokens: int | None = Field(None, ge=1, description="The most tokens that an answer may have.")
    seed: int | None = Field(None, description="Seed, for models that have one.")
    stop: str | list[str] | None = Field(None, description="Where an answer ends.")
    tools: Annotated[list[dict[str, JsonValue]], Plain] = Field([], description="Tools that the model may call.")
    tool_choice: Annotated[JsonValue, Plain] = Field(None, description="Which tool it must call, if any.")
    response_format: Annotated[dict[str, JsonValue] | None, Plain] = Field(
        None, description='Form of the answer, such as {"type": "json_object"} or a JSON Schema.'
    )
    extra: Annotated[dict[str, JsonValue], Plain, AfterValidator(_check_extra)] = Field(
        {}, description="Other members of the request, such as max_completion_tokens or reasoning_effort."
    )
    output: Literal["text", "json", "tool_calls", "message"] = Field(
        "text",
        description=(
            "What the output is: the text; the JSON in it; the calls of tools, as a list of name and arguments; or all "
            "of it, as content and tool_calls."
        ),
    )
    stream: bool = Field(default=False, description="Whether to stream, which tells the time to the first token.")
    prices: Prices | None = Field(
        None, description="What the model costs; by default what the worker's EVALYARD_MODEL_PRICES says."
    )
    trace: bool = Field(
        default=True,
        description="Whether each call is recorded as a trace, and its header traceparent tells the server of which.",
    )
    max_response_bytes: int = Field(
        4 * _MEBIBYTE, ge=1, le=15 * _MEBIBYTE, description="The longest answer that is read, decompressed."
    )

"""What a user sets for the `http` target, checked before any call is made."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator

from evalyard import Config
from evalyard.secrets import find_references
from evalyard_targets._headers import Headers, Url
from evalyard_targets._template import JmesPath, Template

_MEBIBYTE: Final = 1024 * 1024

_WHOLE_INPUT: Final[JsonValue] = {"$path": "input"}


def _refuse_secrets(template: Any) -> Any:
    # They would be sent as they stand, and URLs end up in logs.
    if find_references(json.dumps(template)):
        raise ValueError("${secret:NAME} is replaced in headers only: send the secret in a header.")
    return template


class HttpConfig(Config):
    """How to ask a system over HTTP, and where its answer holds what.

    Templates are JSON in which `{"$path": "<JMESPath>"}` stands for what the path finds in {input, metadata, item_id,
    run_id, record_id, trial, attempt}.
    """

    url: Url = Field(
        description="Absolute URL of the system.",
        examples=["https://assistant.example/answer"],
        json_schema_extra={"format": "uri", "pattern": "^https?://"},
    )
    method: Literal["GET", "POST", "PUT", "PATCH"] = Field("POST", description="HTTP method.")
    headers: Headers = Field(
        {},
        description=(
            "Headers of each request. ${secret:NAME} stands for the worker's environment variable EVALYARD_SECRET_NAME."
        ),
    )
    query: Annotated[dict[str, Template], AfterValidator(_refuse_secrets)] = Field(
        {}, description="Query parameters, each a template of a text, a number, a boolean or a list of them."
    )
    body: Annotated[Template, AfterValidator(_refuse_secrets)] = Field(
        _WHOLE_INPUT, description="Template of the JSON body; by default the item's input. A GET request has no body."
    )
    output: JmesPath | None = Field(
        None, description="JMESPath of the output within the JSON answer; by default the whole answer, JSON or text."
    )
    cost_usd: JmesPath | None = Field(None, description="JMESPath of the cost in US dollars within the JSON answer.")
    prompt_tokens: JmesPath | None = Field(
        None, description="JMESPath of the number of prompt tokens within the JSON answer."
    )
    completion_tokens: JmesPath | None = Field(
        None, description="JMESPath of the number of completion tokens within the JSON answer."
    )
    trace: bool = Field(
        default=True,
        description="Whether each call is recorded as a trace, and its header traceparent tells the system of which.",
    )
    max_response_bytes: int = Field(
        4 * _MEBIBYTE, ge=1, le=15 * _MEBIBYTE, description="The longest answer that is read, decompressed."
    )

    @field_validator("body")
    @classmethod
    def _check_body(cls, body: JsonValue, info: ValidationInfo) -> JsonValue:
        if info.data.get("method") == "GET":
            raise ValueError("A GET request has no body: use query, or another method.")
        return body

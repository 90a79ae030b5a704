"""What a user sets for the `http` target, checked before any call is made."""

import json
import re
from typing import Annotated, Any, Final, Literal

import httpx
from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator

from evalyard import Config
from evalyard.secrets import find_references
from evalyard_targets._template import JmesPath, Template

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})
_MEBIBYTE: Final = 1024 * 1024

_WHOLE_INPUT: Final[JsonValue] = {"$path": "input"}


def _check_url(text: str) -> str:
    if re.search(r"[\s{}]", text):
        raise ValueError("The URL is fixed, without blanks and braces: what differs between items goes into query.")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as exc:
        raise ValueError(f"This is no URL: {exc}.") from exc
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("Give an absolute URL that begins with http:// or https://.")
    if url.userinfo:
        raise ValueError("Put no password into the URL: send it in a header, as ${secret:NAME}.")
    return text


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a header (RFC 9110, section 5.1).")
        if name.lower() in _FRAMING:
            raise ValueError(f"The header {name} follows from the body: leave it out.")
        if not is_header_value(value):
            raise ValueError(f"The value of the header {name} may hold printable ASCII characters only.")
    return headers


def is_header_value(text: str) -> bool:
    """Tell whether a header can carry the text (RFC 9110, section 5.5, without the obsolete characters)."""
    return _HEADER_VALUE.fullmatch(text) is not None


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

    url: Annotated[str, AfterValidator(_check_url)] = Field(
        description="Absolute URL of the system.", json_schema_extra={"format": "uri", "pattern": "^https?://"}
    )
    method: Literal["GET", "POST", "PUT", "PATCH"] = Field("POST", description="HTTP method.")
    headers: Annotated[dict[str, str], AfterValidator(_check_headers)] = Field(
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
    max_response_bytes: int = Field(
        4 * _MEBIBYTE, ge=1, le=15 * _MEBIBYTE, description="The longest answer that is read, decompressed."
    )

    @field_validator("body")
    @classmethod
    def _check_body(cls, body: JsonValue, info: ValidationInfo) -> JsonValue:
        if info.data.get("method") == "GET":
            raise ValueError("A GET request has no body: use query, or another method.")
        return body

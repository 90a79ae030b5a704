"""Reading what an endpoint sent, and saying what is wrong with it."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from evalyard_openai._errors import EndpointError
from evalyard_openai._retrying import read_retry_after

_LONGEST_REASON: Final = 300
_PASSING: Final = frozenset({408, 409, 429})
_REMEDIES: Final = {
    401: "Check the secret that api_key names.",
    403: "Check the secret that api_key names, and what its owner may use.",
    404: "Check base_url and model.",
}


class Redactor:
    """Take a key out of messages, also as JSON spells it."""

    def __init__(self, key: str) -> None:
        self._spellings = [spelling for spelling in {key, json.dumps(key)[1:-1]} if spelling]

    def clean(self, text: str) -> str:
        """Give the text on one line, without the key, and no longer than a reason may be."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        text = " ".join(text.split())
        return f"{text[:_LONGEST_REASON]} …" if len(text) > _LONGEST_REASON else text


def read_object(content: bytes, host: str, redactor: Redactor) -> dict[str, Any]:
    """Return the JSON object that an answer is; raises EndpointError BAD_ANSWER, which may pass."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return body
    # Cut only after the key has been looked for, so that no part of it is left.
    text = redactor.clean(content[:10_000].decode("utf-8", "replace"))
    raise EndpointError(
        f"{host} answered what is no JSON object: {text or 'nothing'}", code="BAD_ANSWER", retryable=True
    )


def refusal(response: httpx.Response, content: bytes, host: str, redactor: Redactor) -> EndpointError:
    """Say why a status other than 2xx came: 408, 409, 429 and 5xx may pass, but no exhausted quota."""
    status = response.status_code
    message, code = _reason(content)
    sentence = f"{host} answered with status {status}: {redactor.clean(message) or 'no reason given'}"
    remedy = _REMEDIES.get(status)
    return EndpointError(
        sentence if remedy is None else f"{sentence.rstrip('.')}. {remedy}",
        code=f"HTTP_{status}",
        retryable=(status in _PASSING or status >= 500) and code != "insufficient_quota",
        retry_after_seconds=read_retry_after(response.headers, datetime.now(UTC)),
    )


def _reason(content: bytes) -> tuple[str, object]:
    """Return the message and the code of OpenAI's error body, or the text of another one."""
    text = content[:10_000].decode("utf-8", "replace")
    try:
        error = json.loads(content).get("error")
    except (ValueError, AttributeError, RecursionError):
        return text, None
    if not isinstance(error, dict):
        return text, None
    return str(error.get("message", "")), error.get("code")

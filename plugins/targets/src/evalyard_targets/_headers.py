"""Addresses and headers that a user sets, checked before any call is made."""

import json
import re
from typing import Annotated, Any, Final

import httpx
from pydantic import AfterValidator

from evalyard.secrets import find_references

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_REFERENCE: Final = re.compile(r"\$\{secret:[A-Za-z0-9_]+\}")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})


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


def _check_reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        # Without the text, which may be a secret in the clear.
        raise ValueError("Name the secret as ${secret:NAME}, and set EVALYARD_SECRET_NAME for the worker.")
    return text


def _refuse_secrets(value: Any) -> Any:
    # They would be sent as they stand, and shown by whoever receives them.
    if find_references(json.dumps(value)):
        raise ValueError("${secret:NAME} is replaced in headers, api_key and token only.")
    return value


Plain = AfterValidator(_refuse_secrets)
SecretReference = Annotated[str, AfterValidator(_check_reference)]
Url = Annotated[str, AfterValidator(_check_url)]
Headers = Annotated[dict[str, str], AfterValidator(_check_headers)]

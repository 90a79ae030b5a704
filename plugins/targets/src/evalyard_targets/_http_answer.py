"""Reading an HTTP answer: which statuses are failures, and what the answer says."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import pydantic_core
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from evalyard import TargetError, TargetResponse
from evalyard_targets._endpoint import Answer
from evalyard_targets._http_config import HttpConfig
from evalyard_targets._template import compile_path

_EXCERPT_BYTES: Final = 64 * 1024
_TOO_MANY_REQUESTS: Final = 429


class AnswerReader:
    """Turn answers into responses as one config says."""

    def __init__(self, config: HttpConfig) -> None:
        self._output = None if config.output is None else compile_path(config.output)
        paths = {name: getattr(config, name) for name in ("cost_usd", "prompt_tokens", "completion_tokens")}
        self._measures = {name: compile_path(path) for name, path in paths.items() if path is not None}
        self._needs_json = self._output is not None or bool(self._measures)

    def read(self, answer: Answer) -> TargetResponse:
        """Pick output, cost and tokens; raises TargetError with the code HTTP_<status> or BAD_OUTPUT."""
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        document = self._parse(answer)
        measures: dict[str, Any] = {name: _measure(name, path, document) for name, path in self._measures.items()}
        return TargetResponse(self._pick_output(document, answer), **measures)

    def _parse(self, answer: Answer) -> Any:
        if not (self._needs_json or _is_json(answer)):
            return answer.body.decode("utf-8", "replace") or None
        try:
            return pydantic_core.from_json(answer.body, allow_inf_nan=False)
        except ValueError as exc:
            raise _bad_output(f"The system's answer is not JSON ({exc}){excerpt(answer.body)}") from exc

    def _pick_output(self, document: Any, answer: Answer) -> Any:
        if self._output is None:
            return document
        output = _search(self._output, document)
        if output is None:
            path = self._output.expression
            raise _bad_output(f"The path {path!r} (output) finds nothing in the system's answer{excerpt(answer.body)}")
        return output


def _measure(name: str, path: ParsedResult, document: Any) -> float | None:
    value = _search(path, document)
    if value is None:
        return None
    whole = name != "cost_usd"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 <= value < math.inf:
        kind = "whole number" if whole else "number"
        raise _bad_output(f"The path {path.expression!r} ({name}) finds {value!r}, which is no {kind} from 0 on.")
    return value


def _search(path: ParsedResult, document: Any) -> Any:
    try:
        return path.search(document)
    except JMESPathError as exc:
        raise _bad_output(f"The path {path.expression!r} can't be applied to the system's answer: {exc}") from exc


def _is_json(answer: Answer) -> bool:
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def refusal(answer: Answer) -> TargetError:
    """Classify a failure status: 429 and 5xx pass by themselves, the others do not."""
    status = answer.status
    retryable = status == _TOO_MANY_REQUESTS or status >= 500
    redirect = " (redirects are not followed: use the final address)" if 300 <= status < 400 else ""
    return TargetError(
        f"The system answered with status {status}{redirect}{excerpt(answer.body)}",
        code=f"HTTP_{status}",
        retryable=retryable,
        retry_after_seconds=read_retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
        if retryable
        else None,
    )


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3) as seconds from `now`; None if it says nothing usable."""
    if text is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _bad_output(message: str) -> TargetError:
    return TargetError(message, code="BAD_OUTPUT")


def excerpt(body: bytes) -> str:
    """Quote an answer at length: it is cut when secrets have been taken out of it, so that none is cut in two."""
    text = body[:_EXCERPT_BYTES].decode("utf-8", "replace").strip()
    return f": {text}" if text else "."

"""What is answered, in the encoding of the request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.responses import Response

from .json_text import read_json
from .protobuf import read_protobuf
from .sent import Sent

#: google.rpc.Code, by the status that goes with it.
_CODES: Final[Mapping[HTTPStatus, int]] = {
    HTTPStatus.BAD_REQUEST: 3,
    HTTPStatus.UNAUTHORIZED: 16,
    HTTPStatus.FORBIDDEN: 7,
    HTTPStatus.REQUEST_TIMEOUT: 4,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: 3,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: 3,
    HTTPStatus.TOO_MANY_REQUESTS: 8,
    HTTPStatus.SERVICE_UNAVAILABLE: 14,
}
#: After these a client sends the same again: OTLP, section "Failures".
_RETRYABLE: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_RETRY_AFTER_SECONDS: Final = "1"
_MOST_REASONS: Final = 5


class Refused(Exception):
    """A request of which nothing is stored."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a request is written, and so its answer."""

    media_type: str
    read: Callable[[bytes], list[Sent]]
    write: Callable[[Message], bytes]

    def accepted(self, rejected: Sequence[str]) -> Response:
        """Return the answer to a request whose spans are stored, but for some that are rejected."""
        answer = ExportTraceServiceResponse()
        if rejected:
            answer.partial_success.rejected_spans = len(rejected)
            answer.partial_success.error_message = _summed_up(rejected)
        return Response(self.write(answer), headers={"Content-Type": self.media_type})

    def refused(self, why: Refused) -> Response:
        """Return the answer to a request of which nothing is stored."""
        headers = {"Content-Type": self.media_type}
        if why.status in _RETRYABLE:
            headers["Retry-After"] = _RETRY_AFTER_SECONDS
        if why.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        status = Status(code=_CODES[why.status], message=why.message)
        return Response(self.write(status), why.status, headers)


def _json(message: Message) -> bytes:
    return MessageToJson(message, indent=None).encode()


PROTOBUF: Final = Encoding("application/x-protobuf", read_protobuf, lambda message: message.SerializeToString())
JSON: Final = Encoding("application/json", read_json, _json)


def encoding_of(content_type: str) -> Encoding | None:
    """Return the encoding that a Content-Type names, or None."""
    media_type = content_type.partition(";")[0].strip().lower()
    return next((encoding for encoding in (PROTOBUF, JSON) if encoding.media_type == media_type), None)


def _summed_up(reasons: Sequence[str]) -> str:
    """Return the different reasons, as a sentence each."""
    unique = list(dict.fromkeys(reasons))
    said = "; ".join(unique[:_MOST_REASONS])
    return f"{said[:1].upper()}{said[1:]}{'; …' if len(unique) > _MOST_REASONS else '.'}"

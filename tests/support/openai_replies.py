"""What the server of tests/support/openai_server.py can be told to answer, in the words of OpenAI's API reference."""

import base64
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_CREATED: Final = 1_760_000_000


@dataclass(frozen=True)
class ToolCall:
    """A function that the model wants called."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = "call_1"

    def as_json(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": json.dumps(self.arguments)}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True)
class Reply:
    """An answer of a chat model; content that is no text is sent as its JSON text.

    `cut_after` ends a streamed answer after so many chunks, as a connection that breaks does.
    """

    content: Any = None
    tool_calls: Sequence[ToolCall] = ()
    refusal: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int = 12
    completion_tokens: int = 3
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cut_after: int | None = None

    @property
    def text(self) -> str | None:
        return self.content if self.content is None or isinstance(self.content, str) else json.dumps(self.content)

    @property
    def ending(self) -> str:
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")

    @property
    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens, "audio_tokens": 0},
        }

    def completion(self, model: str) -> dict[str, Any]:
        """Return the body of an answer that is not streamed."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        if self.tool_calls:
            message["tool_calls"] = [call.as_json() for call in self.tool_calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.ending}
        return _body("chat.completion", model, [choice]) | {"usage": self.usage}

    def chunks(self, model: str, *, with_usage: bool) -> Iterator[dict[str, Any]]:
        """Yield the events of a streamed answer, a word a chunk; usage comes in a last one without choices."""
        deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": word}, None) for word in _words(self.text or "")]
        deltas += [({"tool_calls": [{"index": at} | call.as_json()]}, None) for at, call in enumerate(self.tool_calls)]
        for delta, ending in [*deltas, ({}, self.ending)]:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}
            yield _body("chat.completion.chunk", model, [choice]) | ({"usage": None} if with_usage else {})
        if with_usage:
            yield _body("chat.completion.chunk", model, []) | {"usage": self.usage}


@dataclass(frozen=True)
class Fault:
    """An error with OpenAI's body."""

    status: int
    message: str = "That did not work."
    type: str = "server_error"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def rate_limit(cls, retry_after: str | None = None) -> "Fault":
        headers = {} if retry_after is None else {"retry-after": retry_after}
        return cls(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded", headers)

    def as_json(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.type, "param": None, "code": self.code}}


@dataclass(frozen=True)
class Raw:
    """A body that is sent as it stands, whatever it is."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True)
class Silence:
    """No answer, until the client gives up."""


def embeddings(vectors: Sequence[Sequence[float]], model: str, tokens: int, encoding: str) -> dict[str, Any]:
    """Return the body of an answer with vectors, as lists of numbers or base64 of little-endian 32-bit floats."""
    data = [
        {"object": "embedding", "index": at, "embedding": _encode(vector) if encoding == "base64" else list(vector)}
        for at, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def instance_of(schema: Mapping[str, Any]) -> Any:
    """Return a value that a plain JSON Schema allows: the first of an enum, the least number, a text."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: instance_of(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return []
        case "boolean":
            return True
        case "number" | "integer":
            return schema.get("minimum", 0)
        case _:
            return "text"


def _body(kind: str, model: str, choices: list[Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": _CREATED, "model": model, "choices": choices}


def _words(text: str) -> list[str]:
    return text.replace(" ", "\0 ").split("\0") if text else []


def _encode(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

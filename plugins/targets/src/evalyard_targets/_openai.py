"""The `openai` target."""

import time
from typing import Any, Final

import httpx
import pydantic_core

from evalyard import CallSpan, Target, TargetError, TargetRequest, TargetResponse
from evalyard_targets._endpoint import Answer, Endpoint
from evalyard_targets._openai_answer import Function, Said, read_stream, read_whole
from evalyard_targets._openai_config import OpenAIConfig
from evalyard_targets._prices import prices_of
from evalyard_targets._template import compile_template, fill

_PATH: Final = "/chat/completions"
_STREAMED: Final = {"stream": True, "stream_options": {"include_usage": True}}
_PARAMETERS: Final = ("temperature", "top_p", "max_tokens", "seed", "stop", "tool_choice", "response_format")


class OpenAITarget(Target[OpenAIConfig]):
    """Ask a model over any API that is compatible with OpenAI's chat completions.

    Raises TargetError with these codes, of which the engine may call again after the first five:

    - HTTP_429 (unless the account is out of money) and HTTP_5xx, with the wait that a Retry-After header asks for;
      TIMEOUT; CONNECTION; STREAM_ERROR, an answer that breaks off
    - HTTP_3xx and HTTP_4xx; BAD_INPUT, a template that does not fit the item; BAD_OUTPUT, an answer that is not what
      `output` says; RESPONSE_TOO_LARGE; ADDRESS_REFUSED; BAD_PRICES, SECRET_MISSING and SECRET_INVALID, from `open`
    """

    def __init__(self, config: OpenAIConfig) -> None:
        super().__init__(config)
        self._messages = compile_template(config.messages)
        self._endpoint = Endpoint(config.base_url, _headers(config), max_response_bytes=config.max_response_bytes)
        base = self._endpoint.url
        self._url = base.copy_with(raw_path=_with_path(base))
        self._prices = config.prices
        self._fixed = _fixed(config)

    async def open(self) -> None:
        """Read the secrets, and the price of the model."""
        await self._endpoint.open()
        if self._prices is None:
            self._prices = prices_of(self.config.model)

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def call_span(self) -> CallSpan | None:
        """Return a span of the GenAI conventions (OpenTelemetry semantic conventions, "Inference")."""
        if not self.config.trace:
            return None
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": self.config.model,
            "server.address": self._url.host,
        }
        return CallSpan(f"chat {self.config.model}", attributes, asks_model=True)

    async def call(self, request: TargetRequest) -> TargetResponse:
        """Ask once, within the request's time limit."""
        with self._endpoint.without_secrets():
            streams = self.config.stream or request.on_text is not None
            body = {**self._fixed, "messages": self._filled(request), **(_STREAMED if streams else {})}
            content = pydantic_core.to_json(body)
            said = Said(time.perf_counter(), request.on_text)
            traceparent = request.traceparent if self.config.trace else None
            limit = request.timeout_seconds
            async with self._endpoint.ask("POST", self._url, content, limit, traceparent) as response:
                if response.is_success and _is_stream(response):
                    await read_stream(self._endpoint.chunks_of(response), said)
                else:
                    answered = await self._endpoint.body_of(response)
                    read_whole(Answer(response.status_code, response.headers, answered), said)
            return self._response(said)

    def _filled(self, request: TargetRequest) -> list[Any]:
        messages = fill(self._messages, request)
        if not (isinstance(messages, list) and messages and all(isinstance(message, dict) for message in messages)):
            raise TargetError(f"The messages would be {messages!r:.200}, which is no list of them.", code="BAD_INPUT")
        return messages

    def _response(self, said: Said) -> TargetResponse:
        usage = said.usage
        return TargetResponse(
            output=_OUTPUTS[self.config.output](said),
            cost_usd=self._cost(said),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            metadata=_metadata(said),
        )

    def _cost(self, said: Said) -> float | None:
        usage = said.usage
        if self._prices is None or usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        return self._prices.cost_usd(
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=(usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0,
            completion_tokens=usage.completion_tokens,
        )


def _headers(config: OpenAIConfig) -> dict[str, str]:
    key = {} if config.api_key is None else {"Authorization": f"Bearer {config.api_key}"}
    return {"Content-Type": "application/json", **key, **config.headers}


def _fixed(config: OpenAIConfig) -> dict[str, Any]:
    """Return what is the same in each request."""
    given = {name: getattr(config, name) for name in _PARAMETERS}
    body = {"model": config.model, **{name: value for name, value in given.items() if value is not None}}
    if config.tools:
        body["tools"] = config.tools
    return body | config.extra


def _with_path(base: httpx.URL) -> bytes:
    path, mark, query = base.raw_path.partition(b"?")
    return path.rstrip(b"/") + _PATH.encode() + mark + query


def _is_stream(response: httpx.Response) -> bool:
    content_type: str = response.headers.get("content-type", "")
    return content_type.partition(";")[0].strip().lower() == "text/event-stream"


def _metadata(said: Said) -> dict[str, Any]:
    prompt, completion = said.usage.prompt_tokens_details, said.usage.completion_tokens_details
    known = {
        "finish_reason": said.finish_reason,
        "model": said.model,
        "time_to_first_token_ms": said.first_token_ms,
        "cached_tokens": prompt and prompt.cached_tokens,
        "reasoning_tokens": completion and completion.reasoning_tokens,
    }
    return {name: value for name, value in known.items() if value is not None}


def _text(said: Said) -> str:
    # A refusal is an answer like another, to be scored.
    text = said.content if said.content is not None else said.refusal
    if text is None:
        remedy = ": set output to tool_calls or message." if said.calls else "."
        raise _bad_output(f"The model gave no text (it stopped by {said.finish_reason}){remedy}")
    return text


def _json(said: Said) -> Any:
    text = _text(said)
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as exc:
        raise _bad_output(f"The model's text is not JSON ({exc}; it stopped by {said.finish_reason}): {text}") from exc


def _tool_calls(said: Said) -> list[dict[str, Any]]:
    return [{"name": call.name, "arguments": _arguments(call)} for _, call in sorted(said.calls.items())]


def _arguments(call: Function) -> Any:
    """Return the arguments; what is no JSON stays a text, since it is for an evaluator to judge the model."""
    if not isinstance(call.arguments, str):
        return call.arguments
    try:
        return pydantic_core.from_json(call.arguments, allow_inf_nan=False)
    except ValueError:
        return call.arguments


def _message(said: Said) -> dict[str, Any]:
    content = said.content if said.content is not None else said.refusal
    return {"content": content, "tool_calls": _tool_calls(said)}


_OUTPUTS: Final = {"text": _text, "json": _json, "tool_calls": _tool_calls, "message": _message}


def _bad_output(message: str) -> TargetError:
    return TargetError(message, code="BAD_OUTPUT")

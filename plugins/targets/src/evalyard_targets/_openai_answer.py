"""Reading what a chat endpoint answers, at once or streamed (OpenAI API reference, "Chat completions")."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeVar

import pydantic_core
from pydantic import BaseModel, NonNegativeInt, TypeAdapter, ValidationError

from evalyard import TargetError
from evalyard_targets._endpoint import Answer
from evalyard_targets._events import events_of
from evalyard_targets._http_answer import excerpt, refusal

_END: Final = "[DONE]"

T = TypeVar("T")


class Function(BaseModel):
    """What is called; streamed in parts that are to be joined."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCall(BaseModel):
    """A call of a tool, or a part of one."""

    index: NonNegativeInt | None = None
    function: Function = Function()


class Message(BaseModel):
    """What the model says, or a part of it."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(BaseModel):
    """An answer, or a part of one; there is only ever one, since `n` is never sent."""

    message: Message = Message()
    delta: Message = Message()
    finish_reason: str | None = None


class PromptDetails(BaseModel):
    """Tokens of the prompt, by kind."""

    cached_tokens: NonNegativeInt | None = None


class CompletionDetails(BaseModel):
    """Tokens of the answer, by kind."""

    reasoning_tokens: NonNegativeInt | None = None


class Usage(BaseModel):
    """What is paid for."""

    prompt_tokens: NonNegativeInt | None = None
    completion_tokens: NonNegativeInt | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None


class Completion(BaseModel):
    """A whole answer, or an event of one."""

    model: str | None = None
    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None


_COMPLETION: Final = TypeAdapter(Completion)


class Said:
    """What a model said, put together from its parts."""

    def __init__(self, begun: float, on_text: Callable[[str], None] | None = None) -> None:
        """`begun` is when the call began, by `time.perf_counter`; `on_text` is given each part of the text."""
        self.content: str | None = None
        self.refusal: str | None = None
        self.calls: dict[int, Function] = {}
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.usage = Usage()
        self.first_token_ms: float | None = None
        self._begun = begun
        self._on_text = on_text

    def take(self, part: Completion) -> None:
        """Add an event of a stream."""
        self.model = part.model or self.model
        self.usage = part.usage or self.usage
        for choice in part.choices[:1]:
            self.finish_reason = choice.finish_reason or self.finish_reason
            self._add(choice.delta)

    def take_whole(self, answer: Completion) -> None:
        """Take an answer that was not streamed; raises BAD_OUTPUT for one without a choice."""
        if not answer.choices:
            raise _bad_output("The answer is no chat completion: it has no choices.")
        whole = answer.choices[0]
        self.model, self.usage, self.finish_reason = answer.model, answer.usage or Usage(), whole.finish_reason
        self._add(whole.message)
        self.first_token_ms = None

    def _add(self, part: Message) -> None:
        if self.first_token_ms is None and (part.content or part.refusal or part.tool_calls):
            self.first_token_ms = (time.perf_counter() - self._begun) * 1000
        self.content = _joined(self.content, part.content)
        self.refusal = _joined(self.refusal, part.refusal)
        for place, call in enumerate(part.tool_calls or ()):
            self._add_call(place if call.index is None else call.index, call.function)
        if part.content and self._on_text is not None:
            self._on_text(part.content)

    def _add_call(self, place: int, part: Function) -> None:
        there = self.calls.get(place, Function())
        arguments = part.arguments
        if isinstance(arguments, str) and not isinstance(there.arguments, dict):
            arguments = _joined(there.arguments, arguments)
        self.calls[place] = Function(name=there.name or part.name, arguments=arguments or there.arguments)


def read_whole(answer: Answer, said: Said) -> None:
    """Read an answer that was not streamed; raises TargetError HTTP_<status> or BAD_OUTPUT."""
    if not 200 <= answer.status < 300:
        raise _refusal(answer)
    said.take_whole(_parse(answer.body))


async def read_stream(chunks: AsyncIterator[bytes], said: Said) -> None:
    """Read a stream to its end; raises TargetError, retryable where it breaks off."""
    async for event in events_of(chunks):
        if event == _END:
            break
        part = _parse(event.encode())
        if part.error is not None:
            raise TargetError(f"The system broke off: {part.error}", code="STREAM_ERROR", retryable=True)
        said.take(part)
    if said.finish_reason is None:
        raise TargetError("The system's answer broke off before its end.", code="STREAM_ERROR", retryable=True)


def _parse(text: bytes) -> Completion:
    try:
        return _COMPLETION.validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise _bad_output(f"The answer is no chat completion ({reason}){excerpt(text)}") from exc


def _refusal(answer: Answer) -> TargetError:
    """Classify a failure; an account without money stays so, though OpenAI answers as to a rate limit."""
    error = refusal(answer)
    try:
        body = pydantic_core.from_json(answer.body)
    except ValueError:
        return error
    problem = body.get("error") if isinstance(body, dict) else None
    if isinstance(problem, dict) and "insufficient_quota" in (problem.get("code"), problem.get("type")):
        return TargetError(str(error), code=error.code)
    return error


def _joined(before: Any, part: str | None) -> str | None:
    return before if part is None else (before or "") + part


def _bad_output(message: str) -> TargetError:
    return TargetError(message, code="BAD_OUTPUT")

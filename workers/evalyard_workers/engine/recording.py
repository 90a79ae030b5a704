"""Recording the calls of a run as spans, each the root of a trace that the called system goes on with."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson
import structlog

import evalyard
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.records import Record
from evalyard_core.domain.traces.completeness import CALLS
from evalyard_core.domain.traces.context import TraceContext, new_context
from evalyard_core.domain.traces.spans import OtelKind, ReceivedSpan, Scope, SpanStatus
from evalyard_core.storage import StoreError

_log = structlog.get_logger(__name__)

Take = Callable[[Sequence[ReceivedSpan]], Awaitable[None]]

_RESOURCE: Final = {"service.name": "evalyard-worker"}
_LONGEST_MESSAGE: Final = 2_000


class CallBegun(NamedTuple):
    """A call that is being made: the trace that it begins, and when."""

    context: TraceContext
    begun_ns: int


class CallRecorder:
    """Makes spans of calls, and hands them over some at a time.

    They tell what happened and nothing depends on them: where they can't be stored, they are lost.
    """

    def __init__(self, span: evalyard.CallSpan, take: Take) -> None:
        self._span = span
        self._take = take
        self._noted: list[ReceivedSpan] = []

    def begin(self) -> CallBegun:
        """Return a call that begins now, in a trace of its own."""
        return CallBegun(new_context(), time.time_ns())

    def answered(self, call: CallBegun, record: Record, attempt: int, response: evalyard.TargetResponse) -> None:
        """Note a call that was answered."""
        usage = self._usage(response) if self._span.asks_model else {}
        self._note(call, record, attempt, {**_value("output", response.output), **usage})

    def failed(self, call: CallBegun, record: Record, attempt: int, error: evalyard.TargetError) -> None:
        """Note a call that was not."""
        self._note(call, record, attempt, {"error.type": error.code}, failure=str(error)[:_LONGEST_MESSAGE])

    async def flush(self) -> None:
        """Store what was noted so far."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        try:
            await self._take(noted)
        except (StoreError, Refusal) as error:
            _log.warning("spans of calls were lost", count=len(noted), error=str(error)[:300])

    def _note(
        self, call: CallBegun, record: Record, attempt: int, said: dict[str, Any], *, failure: str | None = None
    ) -> None:
        place = _place(record, attempt)
        self._noted.append(
            ReceivedSpan(
                trace_id=call.context.trace_id,
                span_id=call.context.span_id,
                name=self._span.name,
                otel_kind=OtelKind.CLIENT,
                start_ns=call.begun_ns,
                end_ns=time.time_ns(),
                status=SpanStatus.OK if failure is None else SpanStatus.ERROR,
                status_message=failure,
                attributes={**self._span.attributes, **_value("input", record.input), **said, **place},
                resource=_RESOURCE,
                scope=Scope(name=CALLS),
            )
        )

    @staticmethod
    def _usage(response: evalyard.TargetResponse) -> dict[str, Any]:
        known = {
            "gen_ai.usage.input_tokens": response.prompt_tokens,
            "gen_ai.usage.output_tokens": response.completion_tokens,
            "gen_ai.usage.cost": response.cost_usd,
        }
        return {name: value for name, value in known.items() if value is not None}


def _value(name: str, value: Any) -> dict[str, str]:
    """Return an input or output as OpenInference has it (semantic conventions, "Input/Output")."""
    if isinstance(value, str):
        return {f"{name}.value": value, f"{name}.mime_type": "text/plain"}
    return {f"{name}.value": orjson.dumps(value).decode(), f"{name}.mime_type": "application/json"}


def _place(record: Record, attempt: int) -> dict[str, Any]:
    """Say which record a call was made for."""
    place = {"run_id": record.run_id, "record_id": record.id, "trial": record.trial, "attempt": attempt}
    item = {} if record.item_id is None else {"item_id": record.item_id}
    return {f"evalyard.{name}": value for name, value in (place | item).items()}

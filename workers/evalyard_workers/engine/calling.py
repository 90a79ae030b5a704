"""Calling the system under test for one record: time limit, retries, and what went wrong in words."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog

import evalyard
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.limits import LONGEST_NAME
from evalyard_core.domain.payload import MAX_PAYLOAD_BYTES, now, payload_size
from evalyard_core.domain.records import Outcome, Problem, Record
from evalyard_core.domain.runs import RunSettings
from evalyard_core.domain.scores import is_amount
from evalyard_core.domain.traces.context import as_trace_id

from .recording import CallBegun, CallRecorder

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 60.0
_LONGEST_MESSAGE: Final = 2_000
_MOST_METADATA_BYTES: Final = 100_000


class Caller:
    """Calls one target for the records of one run."""

    def __init__(
        self, target: evalyard.Target[Any], settings: RunSettings, recorder: CallRecorder | None = None
    ) -> None:
        """With a `recorder` each call begins a trace, which is the record's if the call is the last."""
        self._target = target
        self._settings = settings
        self._recorder = recorder

    async def prepare(self, records: Sequence[Record]) -> None:
        """Do nothing: a system is called for each record by itself."""

    async def outcome(self, record: Record, *, may_retry: Callable[[], bool]) -> Outcome:
        """Return what calling the system for a record gives, after as many attempts as the run allows.

        The latency is that of the last attempt alone. `may_retry` is asked before another attempt.
        """
        started_at = now()
        attempt = record.attempts
        last = attempt + self._settings.max_attempts
        while True:
            attempt += 1
            call = self._recorder.begin() if self._recorder is not None else None
            begun = time.perf_counter()
            try:
                response = await self._call(record, attempt, call)
            except evalyard.TargetError as error:
                again = error.retryable and attempt < last and may_retry()
                _log.log(
                    logging.INFO if again else logging.WARNING,
                    "call failed",
                    record=record.id,
                    attempt=attempt,
                    code=error.code,
                    again=again,
                )
                if not again:
                    return replace(failure_of(error, attempt, begun, started_at), trace_id=_trace_of(call))
                await asyncio.sleep(pause_seconds(attempt, error.retry_after_seconds))
            else:
                outcome = success_of(response, attempt, begun, started_at)
                return outcome if outcome.trace_id is not None else replace(outcome, trace_id=_trace_of(call))

    async def flush(self) -> None:
        """Store the spans of the calls that were made."""
        if self._recorder is not None:
            await self._recorder.flush()

    async def _call(self, record: Record, attempt: int, call: CallBegun | None) -> evalyard.TargetResponse:
        request = evalyard.TargetRequest(
            input=record.input,
            metadata=record.metadata if isinstance(record.metadata, dict) else None,
            item_id=record.item_id,
            run_id=record.run_id,
            record_id=record.id,
            trial=record.trial,
            attempt=attempt,
            timeout_seconds=self._settings.timeout_seconds,
            traceparent=None if call is None else call.context.traceparent,
        )
        try:
            response = await call_once(self._target, request)
        except evalyard.TargetError as error:
            if self._recorder is not None and call is not None:
                self._recorder.failed(call, record, attempt, error)
            raise
        if self._recorder is not None and call is not None and response.trace_id is None:
            self._recorder.answered(call, record, attempt, response)
        return response


def _trace_of(call: CallBegun | None) -> str | None:
    return None if call is None else call.context.trace_id


async def call_once(target: evalyard.Target[Any], request: evalyard.TargetRequest) -> evalyard.TargetResponse:
    """Return what a target answers, once it can be stored; raises TargetError for whatever goes wrong."""
    limit = request.timeout_seconds
    try:
        async with asyncio.timeout(limit):
            response = await target.call(request)
    except TimeoutError as error:
        raise evalyard.TargetError(
            f"The system gave no answer within {limit:g} s.", code="TIMEOUT", retryable=True
        ) from error
    except evalyard.TargetError:
        raise
    except Exception as error:
        raise evalyard.TargetError(f"The target raised {type(error).__name__}: {error}", code="EXCEPTION") from error
    return _checked(response)


def _checked(response: evalyard.TargetResponse) -> evalyard.TargetResponse:
    if not isinstance(response, evalyard.TargetResponse):
        raise evalyard.TargetError(
            f"The target returned {type(response).__name__}, not a TargetResponse.", code="BAD_OUTPUT"
        )
    for name in ("cost_usd", "prompt_tokens", "completion_tokens"):
        value = getattr(response, name)
        if value is not None and not is_amount(value):
            raise evalyard.TargetError(
                f"The target gave {value!r:.100} as {name}; it takes a number.", code="BAD_OUTPUT"
            )
    if not isinstance(response.trace_id, str | None) or not 0 < len(response.trace_id or "-") <= LONGEST_NAME:
        raise evalyard.TargetError(
            f"The target gave {response.trace_id!r:.100} as trace_id; it takes a text of at most {LONGEST_NAME}.",
            code="BAD_OUTPUT",
        )
    if not isinstance(response.metadata, dict | None):
        raise evalyard.TargetError(
            f"The target gave {response.metadata!r:.100} as metadata; it takes a dict.", code="BAD_OUTPUT"
        )
    _check_payload("output", response.output, most=MAX_PAYLOAD_BYTES)
    _check_payload("metadata", response.metadata, most=_MOST_METADATA_BYTES)
    return response


def _check_payload(name: str, value: Any, *, most: int) -> None:
    try:
        payload_size(value, field=name, most=most)
    except Refusal as error:
        raise evalyard.TargetError(f"The {name} can't be stored: {error.message}", code="BAD_OUTPUT") from error


def pause_seconds(attempt: int, asked_seconds: float | None) -> float:
    """Return how long to wait: what the system asked for, else exponential back-off with full jitter.

    M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog (2015).
    """
    if asked_seconds is not None:
        return min(_LONGEST_PAUSE_SECONDS, max(0.0, asked_seconds)) + random.uniform(0, 0.1)  # noqa: S311
    return random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311


def success_of(response: evalyard.TargetResponse, attempt: int, begun: float, started_at: datetime) -> Outcome:
    """Return the outcome of a call that began at `begun`, by `time.perf_counter`."""
    return Outcome(
        output=response.output,
        response=response.metadata,
        attempts=attempt,
        latency_ms=(time.perf_counter() - begun) * 1000,
        cost_usd=response.cost_usd,
        prompt_tokens=response.prompt_tokens,
        completion_tokens=response.completion_tokens,
        trace_id=None if response.trace_id is None else as_trace_id(response.trace_id),
        started_at=started_at,
        finished_at=now(),
    )


def failure_of(error: evalyard.TargetError, attempt: int, begun: float, started_at: datetime) -> Outcome:
    """Return the outcome of a call that began at `begun` and gave no output."""
    return Outcome(
        error=Problem(error.code, str(error)[:_LONGEST_MESSAGE], retryable=error.retryable),
        attempts=attempt,
        latency_ms=(time.perf_counter() - begun) * 1000,
        started_at=started_at,
        finished_at=now(),
    )

"""Calling the system under test for one record: time limit, retries, and what went wrong in words."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import structlog

import evalyard
from evalyard_core.domain.circuits import SYSTEM
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.limits import LONGEST_NAME
from evalyard_core.domain.payload import MAX_PAYLOAD_BYTES, now, payload_size
from evalyard_core.domain.rates import CHARACTERS_A_TOKEN
from evalyard_core.domain.records import Outcome, Problem, Record, Retrying
from evalyard_core.domain.runs import RunSettings
from evalyard_core.domain.scores import is_amount
from evalyard_core.domain.traces.context import as_trace_id

from .breaker import Breaker
from .budget import Purse
from .lease import Lease
from .pacing import Gate, Permit
from .recording import CallBegun, CallRecorder

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 60.0
_LONGEST_MESSAGE: Final = 2_000
_MOST_METADATA_BYTES: Final = 100_000

#: So long a record waits for a system that refuses calls as too many; then each refusal is an attempt.
PATIENCE_SECONDS: Final = 600.0
_TOO_MANY: Final = frozenset({"HTTP_429", "RATE_LIMIT"})


class LaneLimits(NamedTuple):
    """Whom a lane may ask, what it may spend, and whether it is still the one that may."""

    breaker: Breaker
    purse: Purse
    lease: Lease


class Caller:
    """Calls one target for the records of one run."""

    def __init__(
        self,
        target: evalyard.Target[Any],
        settings: RunSettings,
        gate: Gate,
        limits: LaneLimits,
        recorder: CallRecorder | None = None,
    ) -> None:
        """Call when `gate` lets one; with a `recorder` each call begins a trace, the record's if it is the last."""
        #: What is known of records that were left before a call for them gave an output, by their ids.
        self.retrying: dict[str, Retrying] = {}
        self._target = target
        self._settings = settings
        self._gate = gate
        self._limits = limits
        self._recorder = recorder

    @property
    def wait_seconds(self) -> float:
        """How long the system can't be called, as far as is known."""
        return self._gate.pacer.wait_seconds

    def stop(self) -> None:
        """Begin no more calls; those under way are finished."""
        self._gate.close()

    async def prepare(self, records: Sequence[Record]) -> None:
        """Do nothing: a system is called for each record by itself."""

    async def outcome(self, record: Record) -> Outcome | None:
        """Return what calling the system for a record gives, after as many attempts as the run allows.

        The latency is that of the last attempt alone. None where the calls were stopped before there was an output or
        no attempt left: then `retrying` knows how far they have come. A circuit that is open is an error of its own.
        """
        breaker, purse, _ = self._limits
        if (problem := breaker.problem(SYSTEM)) is not None:
            return Outcome(error=problem, attempts=record.attempts, finished_at=now())
        outcome = await self._called(record) if await purse.may_call() else None
        if outcome is not None:
            breaker.note(SYSTEM, outcome.error)
        return outcome

    async def _called(self, record: Record) -> Outcome | None:
        attempts = _Attempts(record, self._settings)
        started_at = now()
        while (permit := await self._permit()) is not None:
            attempts.made += 1
            call = self._recorder.begin() if self._recorder is not None else None
            begun = time.perf_counter()
            try:
                response = await self._call(record, attempts.made, call)
            except evalyard.TargetError as error:
                pause = await self._pause_after(error, attempts, permit)
                if pause is None:
                    return replace(failure_of(error, attempts.made, begun, started_at), trace_id=_trace_of(call))
                await self._gate.pause(pause)
            else:
                self._note_tokens(record, response, permit)
                outcome = success_of(response, attempts.made, begun, started_at)
                return outcome if outcome.trace_id is not None else replace(outcome, trace_id=_trace_of(call))
        if (left := attempts.left) is not None:
            self.retrying[record.id] = left
        return None

    async def _permit(self) -> Permit | None:
        """Wait for leave to make a call; None where the lane stops, or somebody else has it by now."""
        permit = await self._gate.enter()
        held = permit is not None and await self._limits.lease.settled()
        return permit if held and not self._gate.is_closed else None

    async def _pause_after(self, error: evalyard.TargetError, attempts: "_Attempts", permit: Permit) -> float | None:
        """Return how long to wait before the record's next call, None where there is to be none."""
        if is_one_too_many(error):
            await self._gate.pacer.slow_down(permit, error.retry_after_seconds)
            if attempts.forgive():
                return 0.0
        again = error.retryable and attempts.made < attempts.last
        _log.log(
            logging.INFO if again else logging.WARNING,
            "call failed",
            record=attempts.record_id,
            attempt=attempts.made,
            code=error.code,
            again=again,
        )
        return pause_seconds(attempts.made, error.retry_after_seconds) if again else None

    def _note_tokens(self, record: Record, response: evalyard.TargetResponse, permit: Permit) -> None:
        if not self._gate.pacer.counts_tokens:
            return
        if response.prompt_tokens is None and response.completion_tokens is None:
            characters = payload_size(record.input, field="input") + payload_size(response.output, field="output")
            self._gate.pacer.note_tokens(permit, characters / CHARACTERS_A_TOKEN)
        else:
            self._gate.pacer.note_tokens(permit, (response.prompt_tokens or 0) + (response.completion_tokens or 0))

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


class _Attempts:
    """The calls for one record; refusals of calls as too many are none for as long as somebody may wait for them."""

    def __init__(self, record: Record, settings: RunSettings) -> None:
        before = record.retrying
        self.record_id = record.id
        self.made = record.attempts
        self.last = record.attempts + settings.max_attempts if before is None else before.last
        self._before = before
        self._most = settings.max_attempts
        self._limited_since = before.limited_since if before else None

    @property
    def left(self) -> Retrying | None:
        """What the record's next turn has to know, None where it knows that already."""
        now_at = Retrying(attempts=self.made, last=self.last, limited_since=self._limited_since)
        is_untried = self._limited_since is None and self.made == self.last - self._most
        return None if now_at == self._before or is_untried else now_at

    def forgive(self) -> bool:
        """Take the last attempt back, unless the system has refused for too long."""
        self._limited_since = self._limited_since or now()
        patient = (now() - self._limited_since).total_seconds() < PATIENCE_SECONDS
        self.made -= patient
        return patient


def is_one_too_many(error: evalyard.TargetError) -> bool:
    """Tell whether a system refused a call since there were too many: with 429, or by saying when to come again."""
    return error.retryable and (error.code in _TOO_MANY or bool(error.retry_after_seconds))


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

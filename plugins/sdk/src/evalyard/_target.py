"""The contract of a target: a way to call a system under test."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, final

from evalyard._component import Component, ConfigT
from evalyard._errors import TargetError


class TargetMode(StrEnum):
    """How a run comes to its outputs."""

    CALL = "CALL"  #: the target is called for each record
    DISPATCH = "DISPATCH"  #: the target starts something elsewhere, once a run, which submits the records
    REPLAY = "REPLAY"  #: nothing is called: the outputs are those of the run that `run_id` of the config names


@dataclass(frozen=True, slots=True)
class TargetRequest:
    """One call of a system under test: an item's input, and where the call belongs.

    `trial` and `attempt` count from 1. The engine gives up on the call after `timeout_seconds`. Where somebody watches,
    `on_text` takes each part of the answer's text as it comes in; a target that can't stream need not call it.

    `traceparent` names the trace that the call belongs to, as a header of the W3C Trace Context recommendation: a
    target whose system may record spans sends it on.
    """

    input: Any
    metadata: Mapping[str, Any] | None
    item_id: str | None
    run_id: str
    record_id: str
    trial: int
    attempt: int
    timeout_seconds: float
    on_text: Callable[[str], None] | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class TargetResponse:
    """What the system answered: an output that JSON can hold, and what it cost where it says so.

    `metadata` is what else there is to know of the answer, such as why a model stopped; it is stored and shown beside
    the output, and can be JSON of 100,000 bytes. `trace_id` names the trace of the call where that is another one than
    the request's.
    """

    output: Any
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    trace_id: str | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CallSpan:
    """The span by which each call is recorded: its name and its attributes, as the conventions of OpenTelemetry say.

    `asks_model` tells that the tokens and the cost of a response are the call's own; those that a system reports of all
    that it did belong to the spans inside it.
    """

    name: str
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    asks_model: bool = False


@dataclass(frozen=True, slots=True)
class DispatchRequest:
    """A run that something elsewhere is to carry out. Ids are those of the API, to be used with it."""

    run_id: str
    run_number: int
    run_name: str
    project_id: str
    dataset_id: str | None
    dataset_version: int | None
    trials: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What was started: until when its records are waited for, and where a person can watch it."""

    deadline_seconds: float
    url: str | None = None


class Target(Component[ConfigT], ABC):
    """Call a system under test.

    One instance serves the calls of one system version in one worker process, many of them at once on one event loop.
    It is known by the name of its entry point in the group `evalyard.targets`.
    """

    summary: ClassVar[str] = ""
    mode: ClassVar[TargetMode] = TargetMode.CALL

    async def open(self) -> None:
        """Acquire what the calls share, such as connections; called once, before the first call.

        Raise TargetError if no call can succeed.
        """

    async def close(self) -> None:
        """Release what `open` acquired; called once, also after an `open` that failed."""

    def call_span(self) -> CallSpan | None:
        """Return the span by which the engine is to record each call; None where `traceparent` is not sent on."""
        return None

    @abstractmethod
    async def call(self, request: TargetRequest) -> TargetResponse:
        """Call the system once, without retrying.

        Raise TargetError for every failure that is foreseen; any other exception counts as a permanent one. The
        call may be cancelled at any await.
        """


class DispatchTarget(Target[ConfigT], ABC):
    """Start something elsewhere that carries out a whole run: it submits the records and then finishes the run."""

    mode: ClassVar[TargetMode] = TargetMode.DISPATCH

    @abstractmethod
    async def dispatch(self, request: DispatchRequest) -> Dispatched:
        """Start it, without retrying.

        Raise TargetError for every failure that is foreseen, retryable only where nothing can have been started: it is
        called again then, and at no other time for the same run.
        """

    @final
    async def call(self, request: TargetRequest) -> TargetResponse:  # noqa: ARG002 - nobody calls it
        """Refuse: what is started elsewhere answers no single call."""
        raise TargetError("This system carries out whole runs and answers no single input.", code="NOT_CALLABLE")

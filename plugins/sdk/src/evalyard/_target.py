"""The contract of a target: a way to call a system under test."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evalyard._component import Component, ConfigT


@dataclass(frozen=True, slots=True)
class TargetRequest:
    """One call of a system under test: an item's input, and where the call belongs.

    `trial` and `attempt` count from 1. The engine gives up on the call after `timeout_seconds`.
    """

    input: Any
    metadata: Mapping[str, Any] | None
    item_id: str | None
    run_id: str
    record_id: str
    trial: int
    attempt: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class TargetResponse:
    """What the system answered: an output that JSON can hold, and what it cost where it says so.

    `metadata` is what else there is to know of the answer, such as why a model stopped; it is stored and shown beside
    the output, and can be JSON of 100,000 bytes.
    """

    output: Any
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    trace_id: str | None = None
    metadata: dict[str, Any] | None = None


class Target(Component[ConfigT], ABC):
    """Call a system under test.

    One instance serves the calls of one system version in one worker process, many of them at once on one event loop.
    It is known by the name of its entry point in the group `evalyard.targets`.
    """

    summary: ClassVar[str] = ""

    async def open(self) -> None:
        """Acquire what the calls share, such as connections; called once, before the first call.

        Raise TargetError if no call can succeed.
        """

    async def close(self) -> None:
        """Release what `open` acquired; called once, also after an `open` that failed."""

    @abstractmethod
    async def call(self, request: TargetRequest) -> TargetResponse:
        """Call the system once, without retrying.

        Raise TargetError for every failure that is foreseen; any other exception counts as a permanent one. The
        call may be cancelled at any await.
        """

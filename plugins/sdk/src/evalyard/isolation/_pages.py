"""The cases of a run, fetched from the worker page by page while an evaluator asks for them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from evalyard._errors import VariableError
from evalyard._typing import TypedVariables
from evalyard.isolation._wire import Channel


class WorkerGone(BaseException):
    """The worker does not answer any more: this process has nothing left to do."""


class Pages:
    """The cases, for `for` and for `async for`; each loop begins anew. What does not fit the types is left out."""

    def __init__(self, channel: Channel, typed: TypedVariables) -> None:
        self.reason = ""
        self._channel = channel
        self._typed = typed
        self._passes = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each case."""
        number, left_out = self._passes, 0
        self._passes += 1
        while page := self._fetch(number, left_out):
            cases = [case for values in page if (case := self._read(values)) is not None]
            left_out = len(page) - len(cases)
            yield from cases

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """Yield each case."""
        for case in self:
            yield case

    def _fetch(self, number: int, left_out: int) -> list[dict[str, Any]]:
        self._channel.send({"page": number, "left_out": left_out, "reason": self.reason})
        answer = self._channel.receive()
        if answer is None:
            raise WorkerGone
        cases: list[dict[str, Any]] = answer["cases"]
        return cases

    def _read(self, values: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return self._typed.read(values)
        except VariableError as error:
            self.reason = self.reason or str(error)
            return None

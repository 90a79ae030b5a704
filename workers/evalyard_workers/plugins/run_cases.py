"""The cases of a run: read page by page while a plugin asks for them, anew each time it does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

from evalyard.plugins import TypedVariables, VariableError
from evalyard_core.domain.mapping import Context, Missing, Reader, read_variables
from evalyard_core.storage import StoreError

from .answers import Variables

#: Returns records from a place on, each with the place behind it; none at the end.
ReadPage = Callable[[int], Awaitable[Sequence[tuple[int, Context]]]]


class RunCases:
    """The cases of a run.

    `failure` is what kept records from being read.
    """

    def __init__(self, readers: Sequence[Reader], typed: TypedVariables, read_page: ReadPage) -> None:
        self.furthest = Pass(self)
        self.left_out_reason: str | None = None
        self.failure: StoreError | None = None
        self.closed = False
        self._readers = readers
        self._typed = typed
        self._read_page = read_page

    def begin(self) -> "Pass":
        """Return a new pass over the cases."""
        return Pass(self)

    async def read(self, place: int) -> Sequence[tuple[int, Context]]:
        """Read records from a place on."""
        if self.closed:
            raise RuntimeError("the run is not scored any more")
        try:
            return await self._read_page(place)
        except StoreError as error:
            self.failure = error
            raise

    def case(self, context: Context) -> Variables | None:
        """Return a record's variables, None where it lacks something."""
        try:
            return self._typed.read(read_variables(self._readers, context))
        except (Missing, VariableError) as error:
            self.left_out_reason = self.left_out_reason or str(error)
            return None


class Pass:
    """One time through the cases: how many were given, and how many left out."""

    def __init__(self, cases: RunCases) -> None:
        self.place = 0
        self.count = 0
        self.left_out = 0
        self._cases = cases

    async def page(self) -> list[Variables]:
        """Return the next cases, none at the end."""
        page: list[Variables] = []
        while not page and (records := await self._cases.read(self.place)):
            read = [self._cases.case(context) for _, context in records]
            page = [case for case in read if case is not None]
            self.place = records[-1][0]
            self.count += len(page)
            self.left_out += len(read) - len(page)
        if self.place >= self._cases.furthest.place:
            self._cases.furthest = self
        return page

    def leave_out(self, count: int, reason: str) -> None:
        """Take note that so many of the cases that were given were left out after all."""
        self.count -= count
        self.left_out += count
        self._cases.left_out_reason = self._cases.left_out_reason or reason or None


class CasesElsewhere:
    """The cases of a run for another thread than that of the worker's event loop, for `for` and for `async for`."""

    def __init__(self, cases: RunCases, loop: asyncio.AbstractEventLoop) -> None:
        self._cases = cases
        self._loop = loop

    def __iter__(self) -> Iterator[Variables]:
        """Yield each case."""
        over = self._cases.begin()
        while page := asyncio.run_coroutine_threadsafe(over.page(), self._loop).result():
            yield from page

    async def __aiter__(self) -> AsyncIterator[Variables]:
        """Yield each case."""
        over = self._cases.begin()
        while page := await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(over.page(), self._loop)):
            for case in page:
                yield case

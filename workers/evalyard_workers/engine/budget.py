"""What a lane may spend of its run's budget; see `evalyard_core.domain.budgets`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Final

from evalyard_core.domain.budgets import ROUNDING, spent_too_much
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.storage import Store

from .patience import patiently

_WAIT_SECONDS: Final = 0.2


class Purse:
    """The share of one lane: calls begin as long as there is something in it.

    A run without a budget has a purse that never gets empty and that nobody is asked about.
    """

    def __init__(self, store: Store, run: Run, lane: int) -> None:
        # Scoring again what was paid for needs no budget, and what is submitted was paid for elsewhere.
        is_bounded = run.status is RunStatus.RUNNING and not run.is_external
        self.budget = run.settings.max_cost_usd if is_bounded else None
        self.concurrency = run.settings.lane_concurrency(lane)
        self._store = store
        self._run = run
        self._lane = lane
        self._share = 0.0
        self._spent = 0.0
        self._uncounted: dict[str, float] = {}
        self._waiting = asyncio.Lock()
        #: Held while what is uncounted must not change.
        self._steady = asyncio.Lock()
        self._closed = asyncio.Event()
        self._is_allowed = False
        self.is_over = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing may be begun before there is a new share."""
        return self.budget is not None and self._share <= self.budget * ROUNDING

    def spend(self, record_id: str, dollars: float | None) -> None:
        """Note what an answer for a record cost."""
        if self.budget is not None and dollars:
            self._uncounted[record_id] = self._uncounted.get(record_id, 0.0) + dollars
            self._spent += dollars
            self._share -= dollars

    async def may_call(self) -> bool:
        """Tell whether a call may begin, once it can be told; False also when the purse is closed."""
        if self.budget is None or not self.is_empty:
            return True
        async with self._waiting:
            while self.is_empty and not self._closed.is_set():
                async with self._steady:
                    await self._ask(self.budget)
                if self.is_empty:
                    await self._wait()
        return not self.is_empty and not self.is_over

    @contextlib.asynccontextmanager
    async def counting(self, record_ids: Iterable[str]) -> AsyncIterator[int | None]:
        """Count what was spent for records; give the lane whose allowance shrinks by that, None without a budget.

        Nobody asks for more meanwhile: what is counted and still in the purse would be there twice.
        """
        if self.budget is None:
            yield None
            return
        async with self._steady:
            yield self._lane
            for record_id in record_ids:
                self._uncounted.pop(record_id, None)

    def over(self) -> None:
        """Take in that the budget is spent."""
        self.is_over = True
        self.close()

    def close(self) -> None:
        """Let no call begin that is not allowed yet."""
        self._closed.set()

    async def give_back(self) -> None:
        """Let the other lanes have what this one did not spend."""
        if self._is_allowed:
            await patiently(partial(self._store.run_limits.give_back, self._run.id, self._lane))

    async def _ask(self, budget: float) -> None:
        uncounted, spent = sum(self._uncounted.values()), self._spent
        self._is_allowed = True
        allowance = await patiently(
            partial(
                self._store.run_limits.allot,
                *(self._run.id, budget),
                lane=self._lane,
                lanes=self._run.settings.lanes,
                spent=uncounted,
            )
        )
        if allowance is None:
            self.over()
        elif allowance.left <= 0:
            reason = spent_too_much(self._run)
            await patiently(partial(self._store.run_limits.stop_soon, self._run.id, reason))
            self.over()
        else:
            self._share = allowance.share - (self._spent - spent)

    async def _wait(self) -> None:
        """Wait until the other lanes may have spent or given back what is left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._closed.wait()

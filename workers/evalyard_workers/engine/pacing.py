"""Calls of systems at the moments that their rate limits leave.

    lane ──► Gate ──► Pacer, one a system version and process ──► the book in the database
              └ closed when the lane stops: nobody waits on

A system that nobody limits and that refuses nothing is called at once, and its book is not asked. Otherwise a pacer
reserves moments for all who wait at it in one round trip, and lets one of them go at each. What changes elsewhere, it
hears within two seconds, in one round trip for all systems that this process calls.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from evalyard_core.domain.rates import LATE_MS, LEAST_RATE, Refused, Wanted
from evalyard_core.storage import Store, StoreError
from evalyard_core.storage.rate_limits import Standing

from .patience import patiently

_log = structlog.get_logger(__name__)

_LATE_SECONDS: Final = LATE_MS / 1000
_LOOK_SECONDS: Final = 2.0
_SHORTEST_WAIT_SECONDS: Final = 0.05
_AWAY_SECONDS: Final = 0.5
_MOST_REMEMBERED: Final = 256
_LEAST_MEASURED_SECONDS: Final = 0.25
_MOST_MEASURED_SECONDS: Final = 10.0
_NEW_WEIGHT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; `begun` is when, by the event loop's clock, `tokens` what it was expected to take."""

    begun: float
    tokens: float | None = None


class Pacer:
    """Lets the calls of one system version go, of whatever runs this process has at work."""

    def __init__(self, store: Store, version_id: str) -> None:
        self.users = 0
        self._store = store
        self._id = version_id
        self._standing = Standing()
        self._heard_at = 0.0
        self._waiting: deque[asyncio.Future[Permit | None]] = deque()
        self._moments: deque[float] = deque()
        self._resumes_at = 0.0
        self._serving: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._begun: deque[float] = deque(maxlen=_MOST_REMEMBERED)
        self._tokens_a_call: float | None = None
        self._tokens_beyond = 0.0

    @property
    def is_limited(self) -> bool:
        """Whether calls need moments."""
        return self._standing.is_limited

    @property
    def counts_tokens(self) -> bool:
        """Whether it matters what calls take."""
        limit = self._standing.limit
        return limit is not None and limit.tokens_per_minute is not None

    @property
    def wait_seconds(self) -> float:
        """How long nobody can call, as far as is known."""
        return max(0.0, self._resumes_at - _time()) if self.is_limited else 0.0

    def heard_since(self, seconds: float) -> bool:
        """Tell whether it was heard so recently how the system stands."""
        return self._heard_at > 0 and _time() - self._heard_at < seconds

    def hear(self, standing: Standing) -> None:
        """Take in how the system stands."""
        if (standing.limit, standing.book) != (self._standing.limit, self._standing.book):
            self._changed.set()
        if standing.book.slowed_at > self._standing.book.slowed_at:
            self._moments.clear()
        self._standing = standing
        self._heard_at = _time()
        paused = (standing.book.resumes_at - standing.now) / 1000
        self._resumes_at = max(self._heard_at + paused, self._moments[0] if self._moments else 0.0)

    def call_now(self) -> Permit:
        """Return leave to call at once."""
        moment = _time()
        self._begun.append(moment)
        return Permit(moment, self._expected)

    def wait(self) -> "asyncio.Future[Permit | None]":
        """Return what comes to leave to call, in the order of asking."""
        waiter: asyncio.Future[Permit | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return waiter

    def note_tokens(self, permit: Permit, tokens: float) -> None:
        """Take in what a call took."""
        self._tokens_beyond += tokens - (permit.tokens or 0.0)
        known = self._tokens_a_call
        self._tokens_a_call = tokens if known is None else known + _NEW_WEIGHT * (tokens - known)

    async def slow_down(self, permit: Permit, pause_seconds: float | None) -> None:
        """Take in that the system refused a call as one too many.

        Of the calls that were under way together, the first tells all there is to tell, unless another one is to wait
        for longer.
        """
        book, paused_until = self._standing.book, _time() + (pause_seconds or 0.0)
        slowed_at = self._heard_at - (self._standing.now - book.slowed_at) / 1000
        if permit.begun < slowed_at and paused_until <= self._resumes_at:
            return
        refused = Refused(
            age_ms=1000 * (_time() - permit.begun),
            rate=self._rate(),
            pause_ms=None if pause_seconds is None else 1000 * pause_seconds,
        )
        standing = await patiently(partial(self._store.rate_limits.slow_down, self._id, refused))
        if standing is not None:
            self.hear(standing)
            _log.info("a system refuses calls; slowing down", version=self._id, seconds=round(self.wait_seconds, 1))

    async def leave(self) -> None:
        """Tell what calls took beyond what was expected, when nobody here calls any more."""
        if self._tokens_beyond and self.counts_tokens:
            beyond, self._tokens_beyond = self._tokens_beyond, 0.0
            await self._store.rate_limits.reserve(self._id, Wanted(calls=0, tokens_beyond=beyond))

    @property
    def _expected(self) -> float | None:
        limit = self._standing.limit
        if limit is None or limit.tokens_per_minute is None:
            return None
        return limit.tokens_per_minute / 60 if self._tokens_a_call is None else self._tokens_a_call

    def _rate(self) -> float:
        """Return how often this process called the system lately, in calls a second."""
        recent = [begun for begun in self._begun if _time() - begun <= _MOST_MEASURED_SECONDS]
        since = max(_LEAST_MEASURED_SECONDS, _time() - recent[0]) if recent else _LEAST_MEASURED_SECONDS
        return max(LEAST_RATE, len(recent) / since)

    async def _serve(self) -> None:
        """Let waiters go until none is left; what goes wrong goes wrong for all of them."""
        try:
            await self._let_all_go()
        except Exception as error:  # noqa: BLE001 - else they would wait for ever
            while (waiter := self._first()) is not None:
                waiter.set_exception(error)

    async def _let_all_go(self) -> None:
        while self._first() is not None:
            if not self.is_limited:
                self._let_go()
                continue
            if not self._moments:
                await self._reserve()
                continue
            moment = self._moments[0]
            await self._sleep(moment - _time())
            if self._moments and self._moments[0] == moment and _time() >= moment:
                self._moments.popleft()
                if _time() <= moment + _LATE_SECONDS:
                    self._let_go()

    def _first(self) -> "asyncio.Future[Permit | None] | None":
        """Return who has waited for longest, without those who have left."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def _let_go(self) -> None:
        if (waiter := self._first()) is not None:
            waiter.set_result(self.call_now())

    async def _reserve(self) -> None:
        beyond, self._tokens_beyond = self._tokens_beyond, 0.0
        calls = sum(not waiter.done() for waiter in self._waiting)
        wanted = Wanted(calls=calls, tokens_a_call=self._tokens_a_call, tokens_beyond=beyond)
        try:
            found = await self._store.rate_limits.reserve(self._id, wanted)
        except StoreError as error:
            self._tokens_beyond += beyond
            _log.warning("no moments for calls could be reserved", error=str(error)[:300])
            await self._sleep(_AWAY_SECONDS)
            return
        if found is None:
            # The version was deleted with its project, and so is the run.
            self._standing = Standing()
            return
        moments, standing = found
        self.hear(standing)
        self._changed.clear()
        here = _time()
        self._moments.extend(here + delay for delay in moments.delays)
        if not self._moments:
            self._resumes_at = max(self._resumes_at, here + moments.wait_seconds)
            await self._sleep(max(_SHORTEST_WAIT_SECONDS, moments.wait_seconds))

    async def _sleep(self, seconds: float) -> None:
        """Wait for so long, or until the limits change."""
        if seconds > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()


class Gate:
    """Where the calls of one lane wait; closed when the lane stops."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self._closed = asyncio.Event()
        self._mine: set[asyncio.Future[Permit | None]] = set()

    @property
    def is_closed(self) -> bool:
        """Whether nobody is let through any more."""
        return self._closed.is_set()

    async def enter(self) -> Permit | None:
        """Wait for leave to call; None where the gate was closed first."""
        if self._closed.is_set():
            return None
        if not self.pacer.is_limited:
            return self.pacer.call_now()
        waiter = self.pacer.wait()
        self._mine.add(waiter)
        try:
            return await waiter
        finally:
            self._mine.discard(waiter)

    async def pause(self, seconds: float) -> None:
        """Wait for so long, or until the gate is closed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()

    def close(self) -> None:
        """Let nobody through any more, and send away who waits."""
        self._closed.set()
        for waiter in self._mine:
            if not waiter.done():
                waiter.set_result(None)


class Pacers:
    """The pacers of one worker process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pacers: dict[str, Pacer] = {}
        self._looked_at = 0.0
        self._looking = asyncio.Lock()

    async def gate(self, version_id: str) -> Gate:
        """Return a gate to the calls of a system version; `leave` it when they are made."""
        pacer = self._pacers.setdefault(version_id, Pacer(self._store, version_id))
        pacer.users += 1
        try:
            async with self._looking:
                if not pacer.heard_since(_LOOK_SECONDS):
                    self._tell(await self._store.rate_limits.standing([version_id]))
        except BaseException:
            pacer.users -= 1
            raise
        return Gate(pacer)

    async def leave(self, gate: Gate) -> None:
        """Say that a gate's calls are made."""
        gate.close()
        gate.pacer.users -= 1
        if not gate.pacer.users:
            await gate.pacer.leave()

    async def look(self) -> None:
        """Hear how the systems stand that are being called; called often, it asks once in two seconds."""
        used = [version_id for version_id, pacer in self._pacers.items() if pacer.users]
        if used and _time() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = _time()
            self._tell(await self._store.rate_limits.standing(used))

    def _tell(self, standing: Mapping[str, Standing]) -> None:
        for version_id, entry in standing.items():
            self._pacers[version_id].hear(entry)


def _time() -> float:
    return asyncio.get_running_loop().time()

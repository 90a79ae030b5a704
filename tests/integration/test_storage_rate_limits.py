"""The book of a system in the database: it does what the domain says, by the database's clock, for all who ask."""

import asyncio
import uuid
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalyard_core.domain.payload import now
from evalyard_core.domain.rates import Book, RateLimit, Refused, Wanted, reserve, slow_down
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.storage import Store
from evalyard_core.storage.rate_limits import RateLimitRepository

LIMITS = st.builds(
    RateLimit,
    requests_per_minute=st.none() | st.integers(1, 10_000),
    tokens_per_minute=st.none() | st.integers(1, 1_000_000),
)
RESERVED = st.builds(
    Wanted,
    calls=st.integers(1, 50),
    tokens_a_call=st.none() | st.floats(0, 10_000),
    tokens_beyond=st.floats(-5_000, 5_000),
)
REFUSED = st.builds(
    Refused, age_ms=st.floats(0, 30_000), rate=st.floats(0.01, 1_000), pause_ms=st.none() | st.floats(0, 1e6)
)
STEPS = st.lists(st.tuples(st.integers(0, 30_000), RESERVED | REFUSED), min_size=1, max_size=6)


async def a_version(store: Store, limit: RateLimit | None = None) -> str:
    version = SystemVersion(
        id=uuid.uuid4().hex[:24],
        system_id="s" * 24,
        project_id="p" * 24,
        name=uuid.uuid4().hex,
        target="acme/echo",
        config={},
        created_at=now(),
        rate_limit=limit,
    )
    await store.system_versions.add(version)
    return version.id


async def test_the_database_keeps_the_book_as_the_domain_does(store: Store) -> None:
    loop = asyncio.get_running_loop()

    @given(LIMITS, STEPS)
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def check(limit: RateLimit, steps: list[tuple[int, Any]]) -> None:
        asyncio.run_coroutine_threadsafe(_check(store, limit, steps), loop).result()

    await asyncio.to_thread(check)


async def _check(store: Store, limit: RateLimit, steps: list[tuple[int, Any]]) -> None:
    version_id, book, moment = await a_version(store, limit), Book(), 1_700_000_000_000.0
    for pause, step in steps:
        moment += pause
        there = RateLimitRepository(store._database, clock={"$literal": moment})
        if isinstance(step, Refused):
            book = slow_down(book, step, moment)
            standing = await there.slow_down(version_id, step)
        else:
            book, moments = reserve(limit, book, step, moment)
            found = await there.reserve(version_id, step)
            assert found is not None
            assert found[0].calls == moments.calls
            assert found[0].delays == pytest.approx(moments.delays, rel=1e-9, abs=1e-6)
            assert found[0].wait_seconds == pytest.approx(moments.wait_seconds, rel=1e-9, abs=1e-6)
            standing = found[1]
        assert standing is not None
        assert standing.book.rate(moment) == pytest.approx(book.rate(moment))
        assert standing.limit == limit


async def test_all_who_ask_at_once_share_the_moments(store: Store) -> None:
    version_id = await a_version(store, RateLimit(requests_per_minute=6_100))

    async with asyncio.timeout(30):
        given = await asyncio.gather(*(store.rate_limits.reserve(version_id, Wanted(calls=10)) for _ in range(20)))

    starts = sorted(entry[0].now + 1000 * delay for entry in given if entry is not None for delay in entry[0].delays)
    assert len(starts) == 200
    assert all(later - earlier > 9.9 for earlier, later in pairwise(starts))


async def test_how_systems_stand_is_told_in_one_round_trip(store: Store) -> None:
    free, limited, slowed = await a_version(store), await a_version(store, RateLimit(tokens_per_minute=5)), "x" * 24
    slowed = await a_version(store)
    await store.rate_limits.slow_down(slowed, Refused(age_ms=0, rate=8))

    standing = await store.rate_limits.standing([free, limited, slowed, "gone"])

    assert {key: entry.is_limited for key, entry in standing.items()} == {free: False, limited: True, slowed: True}
    assert standing[limited].limit == RateLimit(tokens_per_minute=5)
    assert standing[slowed].book.ceiling == 8
    assert await store.rate_limits.reserve("gone", Wanted(calls=1)) is None
    assert await store.rate_limits.slow_down("gone", Refused(age_ms=0, rate=1)) is None


async def test_a_limit_changes_beside_the_book(store: Store) -> None:
    version_id = await a_version(store)
    await store.rate_limits.slow_down(version_id, Refused(age_ms=0, rate=8))

    changed = await store.system_versions.set_rate_limit(version_id, RateLimit(requests_per_minute=60))
    assert changed is not None
    assert changed.rate_limit == RateLimit(requests_per_minute=60)
    taken = await store.system_versions.set_rate_limit(version_id, None)

    assert taken is not None
    assert taken.rate_limit is None
    assert (await store.rate_limits.standing([version_id]))[version_id].book.ceiling == 8

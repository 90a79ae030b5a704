"""Rate limits of systems, held over all workers: each step is one update, by the clock of the database.

The book of a system version is kept in its document. `domain.rates` says what the steps do; here they are done where
every worker meets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.rates import (
    AHEAD_MS,
    FORGOTTEN_MS,
    KEPT,
    LEAST_RATE,
    LONGEST_PAUSE_MS,
    PLATEAU_MS,
    SAVED_MS,
    SHORTEST_PAUSE_MS,
    WINDOW_MS,
    Book,
    Moments,
    RateLimit,
    Refused,
    Wanted,
)

from .codec import Document, PartCodec
from .systems import SystemVersionRepository

_LIMIT = PartCodec(RateLimit)
_NOW: Final[Document] = {"$toDouble": {"$toLong": "$$NOW"}}
_LONG_AGO: Final = -1e15
_SHOWN: Final = {"rate_limit": 1, "book": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What limits the calls of a system version at a moment: what is set, and how long refusals have an effect."""

    limit: RateLimit | None = None
    book: Book = field(default_factory=Book)
    now: float = 0.0

    @property
    def is_limited(self) -> bool:
        """Whether calls need moments."""
        return self.limit is not None or self.book.rate(self.now) is not None


class RateLimitRepository:
    """Keeps the books of system versions."""

    def __init__(self, database: AsyncDatabase[Document], clock: Any = _NOW) -> None:
        """`clock` is the expression of the present, in milliseconds."""
        self._rows = database[SystemVersionRepository.name]
        self._clock = clock

    async def standing(self, version_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return how system versions stand; in one round trip."""
        shown: Document = {"$project": {**_SHOWN, "now": self._clock}}
        rows = await self._rows.aggregate([{"$match": {"_id": {"$in": list(version_ids)}}}, shown])
        return {row["_id"]: _standing(row, row["now"]) async for row in rows}

    async def reserve(self, version_id: str, wanted: Wanted) -> tuple[Moments, Standing] | None:
        """Reserve moments for calls; None where the version is gone. See `domain.rates.reserve`."""
        row = await self._change(version_id, _reserve(wanted, self._clock))
        if row is None:
            return None
        book = row["book"]
        moments = Moments(now=book["now"], first=book["first"], interval=book["interval"], calls=int(book["calls"]))
        return moments, _standing(row, book["now"])

    async def slow_down(self, version_id: str, refused: Refused) -> Standing | None:
        """Note that a call was one too many; None where the version is gone. See `domain.rates.slow_down`."""
        row = await self._change(version_id, _slow_down(refused, self._clock))
        return None if row is None else _standing(row, row["book"]["now"])

    async def _change(self, version_id: str, stages: list[Document]) -> Document | None:
        changes = [{"$set": {f"book.{name}": value for name, value in stage.items()}} for stage in stages]
        found: Document | None = await self._rows.find_one_and_update(
            {"_id": version_id}, changes, projection=_SHOWN, return_document=True
        )
        return found


def _standing(row: Document, now: float) -> Standing:
    limit, book = row.get("rate_limit"), row.get("book", {})
    names = ("next_by_requests", "next_by_tokens", "slowed_at", "resumes_at", "ceiling")
    return Standing(
        limit=None if limit is None else _LIMIT.decode(limit),
        book=Book(**{name: book[name] for name in names if name in book}),
        now=now,
    )


def _reserve(wanted: Wanted, clock: Any) -> list[Document]:
    """Return what `domain.rates.reserve` does, a stage for each of its steps."""
    requests, tokens = _a_minute("requests"), _a_minute("tokens")
    a_call: Any = {"$divide": [tokens, 60]} if wanted.tokens_a_call is None else wanted.tokens_a_call
    room = {"$subtract": [{"$add": ["$book.now", AHEAD_MS]}, "$book.first"]}
    last = {"$add": ["$book.first", {"$multiply": [{"$subtract": ["$book.calls", 1]}, "$book.interval"]}]}
    many = {
        "$cond": [
            {"$gt": ["$book.interval", 0]},
            {"$min": [wanted.calls, {"$ceil": _ratio("$book.room", "$book.interval")}]},
            wanted.calls,
        ]
    }
    none = {"$eq": ["$book.calls", 0]}
    return [
        {"now": clock},
        {"rate": _rate()},
        {
            "request_ms": {"$max": [_ratio(WINDOW_MS, requests), _ratio(1000, "$book.rate")]},
            "tokens_ms": _ratio({"$multiply": [a_call, WINDOW_MS]}, tokens),
            "next_by_tokens": {
                "$add": [_kept("next_by_tokens", 0.0), _ratio(wanted.tokens_beyond * WINDOW_MS, tokens)]
            },
        },
        {
            "interval": {"$max": ["$book.request_ms", "$book.tokens_ms"]},
            "first": {
                "$max": [
                    {"$subtract": ["$book.now", SAVED_MS]},
                    _kept("next_by_requests", 0.0),
                    "$book.next_by_tokens",
                    _kept("resumes_at", _LONG_AGO),
                ]
            },
        },
        {"room": room},
        {"calls": {"$cond": [{"$gt": ["$book.room", 0]}, many, 0]}},
        {
            "next_by_requests": {"$cond": [none, _kept("next_by_requests", 0.0), {"$add": [last, "$book.request_ms"]}]},
            "next_by_tokens": {"$cond": [none, "$book.next_by_tokens", {"$add": [last, "$book.tokens_ms"]}]},
        },
    ]


def _slow_down(refused: Refused, clock: Any) -> list[Document]:
    """Return what `domain.rates.slow_down` does."""
    pause = min(LONGEST_PAUSE_MS, max(SHORTEST_PAUSE_MS, refused.pause_ms or 0.0))
    says_nothing = {"$lt": [{"$subtract": ["$book.now", refused.age_ms]}, _kept("slowed_at", _LONG_AGO)]}
    lower = {"$max": [LEAST_RATE, {"$cond": [{"$gt": ["$book.rate", 0]}, "$book.rate", refused.rate]}]}
    return [
        {"now": clock},
        {"rate": _rate()},
        {
            "slowed_at": {"$cond": [says_nothing, "$book.slowed_at", "$book.now"]},
            "ceiling": {"$cond": [says_nothing, "$book.ceiling", lower]},
            "resumes_at": {"$max": [_kept("resumes_at", _LONG_AGO), {"$add": ["$book.now", pause]}]},
        },
    ]


def _rate() -> Document:
    """Return what `domain.rates.Book.rate` tells, 0 instead of None."""
    since: Document = {"$max": [0, {"$subtract": ["$book.now", _kept("resumes_at", _LONG_AGO)]}]}
    grown = {"$pow": [{"$subtract": [{"$divide": [since, PLATEAU_MS]}, 1]}, 3]}
    rate = {"$multiply": [_kept("ceiling", LEAST_RATE), {"$add": [1, {"$multiply": [1 - KEPT, grown]}]}]}
    return {"$cond": [{"$gte": [since, FORGOTTEN_MS]}, 0, rate]}


def _kept(name: str, otherwise: float) -> Document:
    return {"$ifNull": [f"$book.{name}", otherwise]}


def _a_minute(what: str) -> Document:
    return {"$ifNull": [f"$rate_limit.{what}_per_minute", 0]}


def _ratio(of: Any, by: Any) -> Document:
    """Return a quotient, 0 where the divisor is."""
    return {"$cond": [{"$gt": [by, 0]}, {"$divide": [of, {"$max": [by, 1e-9]}]}, 0]}

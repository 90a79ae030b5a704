"""How often a system may be called: a limit that somebody set, and one that the system's refusals tell of.

A call needs a moment. The moments of a system follow one another at the interval that its limits ask for, whoever asks
for them, and one that was not used within a second is lost: calls can't pile up. This is the generic cell rate
algorithm (ITU-T I.371, annex A) in its virtual scheduling form, with reservation instead of refusal.

A system that refuses calls as too many (429) is left alone for as long as it says. Then it is called at a rate that
grows by the clock alone, as the window of CUBIC does (RFC 9438, section 4.2): quickly up to near the rate at which it
refused, slowly around that, and then ever faster, until nothing is left of the slowing down half a minute later.

Times are milliseconds by the clock of whoever keeps the book; rates are calls a second.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from .errors import BadInput
from .limits import check_range

#: A moment may be used this much later, so that any minute holds the calls of 61 seconds of moments at most.
LATE_MS: Final = 1_000.0
#: What nobody has reserved is not saved up, but for what a worker takes to ask for more.
SAVED_MS: Final = 500.0
#: Moments that are farther away are not handed out: they would be lost with a worker that goes away.
AHEAD_MS: Final = 2_000.0
WINDOW_MS: Final = 60_000.0 + LATE_MS

#: What a system is called at after a refusal, of the rate that it refused; and how the rate grows again.
KEPT: Final = 0.7
PLATEAU_MS: Final = 5_000.0
FORGOTTEN_MS: Final = 30_000.0
LEAST_RATE: Final = 1.0
SHORTEST_PAUSE_MS: Final = 500.0
LONGEST_PAUSE_MS: Final = 300_000.0

#: What a call is taken to use whose target reports no tokens: the characters of its input and output as JSON, by this.
CHARACTERS_A_TOKEN: Final = 4

_MOST_REQUESTS: Final = 1_000_000
_MOST_TOKENS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How often a system may be called, by all runs and workers together; None where nothing is asked."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @property
    def request_ms(self) -> float:
        """The interval of calls that the requests ask for."""
        return WINDOW_MS / self.requests_per_minute if self.requests_per_minute else 0.0

    def tokens_ms(self, tokens: float | None) -> float:
        """Return the time that so many tokens take; before anybody knows, a call takes what a second has."""
        if not self.tokens_per_minute:
            return 0.0
        return (self.tokens_per_minute / 60 if tokens is None else tokens) * WINDOW_MS / self.tokens_per_minute


def check_rate_limit(limit: RateLimit | None, *, field: str) -> RateLimit | None:
    """Return a rate limit, or refuse one that asks for nothing, or for what nobody could hold."""
    if limit is None:
        return None
    if limit.requests_per_minute is None and limit.tokens_per_minute is None:
        raise BadInput("A rate limit needs requestsPerMinute, tokensPerMinute, or both.", field=field)
    if limit.requests_per_minute is not None:
        check_range(limit.requests_per_minute, 1, _MOST_REQUESTS, field=f"{field}.requestsPerMinute")
    if limit.tokens_per_minute is not None:
        check_range(limit.tokens_per_minute, 1, _MOST_TOKENS, field=f"{field}.tokensPerMinute")
    return limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Who may call when: the next moments that are free, and what refusals have told.

    `ceiling` is the rate at which the system refused at `slowed_at`; it is called again from `resumes_at` on.
    """

    next_by_requests: float = 0.0
    next_by_tokens: float = 0.0
    slowed_at: float = -math.inf
    resumes_at: float = -math.inf
    ceiling: float = LEAST_RATE

    def rate(self, now: float) -> float | None:
        """Return the rate that refusals leave; None where there were none for long."""
        since = max(0.0, now - self.resumes_at)
        if since >= FORGOTTEN_MS:
            return None
        return self.ceiling * (1 + (1 - KEPT) * (since / PLATEAU_MS - 1) ** 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many calls somebody wants to make, what each is expected to take, and what earlier ones took beyond that."""

    calls: int
    tokens_a_call: float | None = None
    tokens_beyond: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Moments for so many calls: the first, and one an interval after it."""

    now: float
    first: float
    interval: float
    calls: int

    @property
    def delays(self) -> list[float]:
        """How many seconds from now each moment is; less than 0 where it has begun."""
        return [(self.first + place * self.interval - self.now) / 1000 for place in range(self.calls)]

    @property
    def wait_seconds(self) -> float:
        """How long to wait before asking for more, where there was none to be had."""
        return max(0.0, self.first - AHEAD_MS - self.now) / 1000


def reserve(limit: RateLimit, book: Book, wanted: Wanted, now: float) -> tuple[Book, Moments]:
    """Return the moments of the calls that can be made soon, and the book without them.

    Storage does the same in the database, in one update; a test holds both to each other.
    """
    rate = book.rate(now)
    request_ms = max(limit.request_ms, 1000 / rate if rate else 0.0)
    tokens_ms = limit.tokens_ms(wanted.tokens_a_call)
    by_tokens = book.next_by_tokens + limit.tokens_ms(wanted.tokens_beyond)
    first = max(now - SAVED_MS, book.next_by_requests, by_tokens, book.resumes_at)
    interval = max(request_ms, tokens_ms)
    room = now + AHEAD_MS - first
    calls = min(wanted.calls, math.ceil(room / interval) if interval else wanted.calls) if room > 0 else 0
    last = first + (calls - 1) * interval
    booked = replace(
        book,
        next_by_requests=last + request_ms if calls else book.next_by_requests,
        next_by_tokens=last + tokens_ms if calls else by_tokens,
    )
    return booked, Moments(now=now, first=first, interval=interval, calls=calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A call that was refused as one too many: how long ago it was begun, and at what rate its worker called."""

    age_ms: float
    rate: float
    pause_ms: float | None = None


def slow_down(book: Book, refused: Refused, now: float) -> Book:
    """Return the book after a refusal.

    Calls that were under way already when it slowed down say nothing new about the rate, but may ask for a longer
    pause.
    """
    pause = min(LONGEST_PAUSE_MS, max(SHORTEST_PAUSE_MS, refused.pause_ms or 0.0))
    resumes_at = max(book.resumes_at, now + pause)
    if now - refused.age_ms < book.slowed_at:
        return replace(book, resumes_at=resumes_at)
    refused_at = book.rate(now) or refused.rate
    return replace(book, slowed_at=now, resumes_at=resumes_at, ceiling=max(LEAST_RATE, refused_at))

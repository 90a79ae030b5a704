"""Where the time of a trace went, by kind of work."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .spans import NANOSECONDS_A_MILLISECOND, SpanKind
from .tree import Step, from_the_roots, parents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyShare:
    """The time of one kind of work, and the share of the trace's duration that it is."""

    kind: SpanKind
    duration_ms: float
    share: float
    span_count: int


def latency_breakdown(steps: Sequence[Step]) -> list[LatencyShare]:
    """Return the time by kind of work, most of it first: together the trace's duration, to the nanosecond.

    A moment belongs to the spans that are under way while nothing below them is; several share it in equal parts. So
    the time of children is taken out of their parents', and what runs in parallel counts once. A moment at which
    nothing is under way is UNKNOWN.
    """
    if not steps:
        return []
    counts = Counter(step.kind for step in steps)
    total = max(map(_end, steps)) - min(step.start_ns for step in steps)
    times = _whole(_Sweep(steps).times(), total)
    shares = [
        LatencyShare(
            kind=kind,
            duration_ms=times[kind] / NANOSECONDS_A_MILLISECOND,
            share=times[kind] / total if total else 0.0,
            span_count=counts[kind],
        )
        for kind in SpanKind
        if counts[kind] or times[kind]
    ]
    return sorted(shares, key=lambda entry: -entry.duration_ms)


def _end(step: Step) -> int:
    """Return when a span ended; one whose end was never told, or lies before its beginning, took no time."""
    return max(step.start_ns, step.end_ns)


def _whole(times: Mapping[SpanKind, float], total: int) -> dict[SpanKind, int]:
    """Return times in whole nanoseconds that sum to the total; the longest takes what rounding left."""
    whole = {kind: int(time) for kind, time in times.items()}
    whole[max(whole, key=whole.__getitem__)] += total - sum(whole.values())
    return whole


class _Sweep:
    """Goes through the moments at which a span begins or ends, in order of time.

    Each span counts the spans below it that are under way, those whose nearest span above that still is under way it
    is. Finding that one takes next to no time: the way up over spans that have ended is shortened whenever it is gone,
    as in R. E. Tarjan, "Efficiency of a good but not linear set union algorithm", Journal of the ACM 22 (1975).
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._kinds = [step.kind for step in steps]
        self._above = parents_of(steps)
        self._has_ended = [False] * len(steps)
        self._below = [0] * len(steps)
        self._working = dict.fromkeys(SpanKind, 0)

    def times(self) -> dict[SpanKind, float]:
        """Return the nanoseconds of each kind; to be called once."""
        times = dict.fromkeys(SpanKind, 0.0)
        moments = self._moments()
        before = moments[0][0]
        for moment, ends, _, place in moments:
            if moment > before:
                self._share_out(moment - before, times)
                before = moment
            (self._end if ends else self._begin)(place)
        return times

    def _share_out(self, nanoseconds: int, times: dict[SpanKind, float]) -> None:
        working = sum(self._working.values())
        if not working:
            times[SpanKind.UNKNOWN] += nanoseconds
            return
        for kind, count in self._working.items():
            if count:
                times[kind] += nanoseconds * count / working

    def _moments(self) -> list[tuple[int, bool, int, int]]:
        """Return when spans begin and end, in order; a parent begins before its children, also where clocks differ."""
        order = from_the_roots(self._above)
        starts = [step.start_ns for step in self._steps]
        for place in reversed(order):
            parent = self._above[place]
            if parent is not None:
                starts[parent] = min(starts[parent], starts[place])
        begins = [(starts[place], False, rank, place) for rank, place in enumerate(order)]
        ends = [(_end(step), True, 0, place) for place, step in enumerate(self._steps)]
        return sorted([*begins, *ends])

    def _begin(self, place: int) -> None:
        self._working[self._kinds[place]] += 1
        above = self._nearest_above(place)
        if above is not None:
            if not self._below[above]:
                self._working[self._kinds[above]] -= 1
            self._below[above] += 1

    def _end(self, place: int) -> None:
        self._has_ended[place] = True
        above, below = self._nearest_above(place), self._below[place]
        if not below:
            self._working[self._kinds[place]] -= 1
        if above is not None:
            self._below[above] += below - 1
            if not self._below[above]:
                self._working[self._kinds[above]] += 1

    def _nearest_above(self, place: int) -> int | None:
        """Return the nearest span above one that has not ended yet."""
        passed = []
        above = self._above[place]
        while above is not None and self._has_ended[above]:
            passed.append(above)
            above = self._above[above]
        for shortened in (place, *passed):
            self._above[shortened] = above
        return above

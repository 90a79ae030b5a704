"""Which traces a monitor samples, where it looks, and what becomes of a trace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.monitors import OVERLAP, Monitor, Sighting, Window, trace_record
from evalyard_core.domain.records import Problem, RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.traces.spans import SpanError, SpanStatus
from evalyard_core.domain.traces.trace import traces_of
from tests.fixtures.core import QUICK, a_snapshot
from tests.fixtures.objects import a_run
from tests.fixtures.spans import a_received, a_span, trace_id

BEGIN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_monitor(**changes: Any) -> Monitor:
    """Return a monitor that was made at ten o'clock."""
    plain = {
        "id": "m" * 24,
        "project_id": "p",
        "name": "Quality",
        "rate": 100.0,
        "evaluator_ids": ("e" * 24,),
        "created_at": BEGIN,
        "updated_at": BEGIN,
        "since": BEGIN,
        "next_at": BEGIN + 60 * MINUTE,
    }
    return Monitor(**{**plain, **changes})


def test_nothing_and_everything_can_be_sampled():
    ids = [trace_id(number) for number in range(1000)]
    assert [identifier for identifier in ids if a_monitor(rate=0.0).samples(identifier)] == []
    assert [identifier for identifier in ids if a_monitor(rate=100.0).samples(identifier)] == ids


@pytest.mark.parametrize("rate", [0.5, 10.0, 50.0, 99.0])
def test_the_share_is_the_rate_also_of_ids_that_are_not_random(rate: float):
    sampled = sum(a_monitor(rate=rate).samples(trace_id(number)) for number in range(20_000))
    # Four standard deviations of a binomial distribution.
    assert abs(sampled - 200 * rate) < 4 * (20_000 * rate / 100 * (1 - rate / 100)) ** 0.5


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.floats(0, 100), st.floats(0, 100))
@QUICK
def test_monitors_agree_and_a_larger_sample_holds_the_smaller(identifier: str, one: float, other: float):
    small, large = (a_monitor(id=name, rate=rate) for name, rate in zip("ab", sorted([one, other]), strict=True))
    assert small.samples(identifier) <= large.samples(identifier)
    assert small.samples(identifier) == replace(small, id="c", name="Other").samples(identifier)


def test_a_monitor_looks_from_its_begin_on_and_leaves_out_what_may_still_grow():
    monitor = a_monitor(quiet_seconds=120)
    assert monitor.window(BEGIN + 60 * MINUTE) == Window(BEGIN, BEGIN + 58 * MINUTE)
    assert monitor.window(BEGIN + 2 * MINUTE) is None
    assert monitor.window(BEGIN + MINUTE) is None


def test_a_monitor_looks_again_a_little_behind_where_it_has_looked():
    looked = a_monitor(looked_until=BEGIN + 59 * MINUTE)
    assert looked.window(BEGIN + 120 * MINUTE) == Window(BEGIN + 59 * MINUTE - OVERLAP, BEGIN + 119 * MINUTE)
    resumed = replace(looked, since=BEGIN + 90 * MINUTE)
    assert resumed.window(BEGIN + 120 * MINUTE) == Window(BEGIN + 90 * MINUTE, BEGIN + 119 * MINUTE)


@pytest.mark.parametrize(("minutes", "following"), [(60, 120), (61, 120), (119, 120), (120, 180), (330, 360)])
def test_cycles_keep_their_beat_whatever_was_missed(minutes: int, following: int):
    assert a_monitor().next_after(BEGIN + minutes * MINUTE) == BEGIN + following * MINUTE


def test_a_monitor_that_waits_for_nothing_begins_with_one_interval():
    assert a_monitor(next_at=None, interval_seconds=90).next_after(BEGIN) == BEGIN + timedelta(seconds=90)


SIGHTING = Sighting(
    id="m/p.x",
    monitor_id="m",
    project_id="p",
    run_id="r",
    seq=6,
    trace=f"p.{trace_id(4)}",
    taken_at=BEGIN,
)
RUN = a_run("p", monitor_id="m", evaluators=(a_snapshot(),))


def seen(received: dict[str, Any], **meaning: Any) -> tuple[Any, Any]:
    """Return a trace and its root."""
    root = a_span("p", a_received(0, 4, name="answer", **received), **meaning)
    inside = a_span("p", a_received(1, 4, parent=0), prompt_tokens=7, completion_tokens=2, cost_usd=0.5)
    [trace] = traces_of([inside, root], BEGIN).values()
    return trace, root


def test_a_trace_becomes_a_record_that_waits_for_its_scores():
    trace, root = seen({}, input={"q": 1}, output="one", session="s", tags=("a",))
    record = trace_record(RUN, SIGHTING, trace, root)
    assert (record.id, record.trace_id) == (f"{RUN.id}.~{trace_id(4)}.1", trace_id(4))
    assert (record.run_id, record.project_id, record.seq, record.lane, record.trial) == (RUN.id, "p", 6, 2, 1)
    assert (record.input, record.output, record.status) == ({"q": 1}, "one", RecordStatus.SCORING)
    assert (record.metadata, record.tags) == ({"name": "answer", "session": "s"}, ("a",))
    assert (record.latency_ms, record.cost_usd, record.prompt_tokens, record.completion_tokens) == (2000.0, 0.5, 7, 2)
    assert (record.error, record.verdict, record.scores, record.finished_at) == (None, None, (), None)
    assert (record.item_id, record.dataset_id, record.system_version_id) == (None, None, None)


def test_a_trace_that_says_nothing_of_its_input_has_an_empty_one():
    record = trace_record(RUN, SIGHTING, *seen({}))
    assert (record.input, record.output, record.status) == ({}, None, RecordStatus.SCORING)


@pytest.mark.parametrize(
    ("received", "meaning", "says"),
    [
        ({"status_message": "no answer"}, {}, "The traced call failed: no answer."),
        ({}, {"error": SpanError(type="E", message="timed out")}, "The traced call failed: timed out."),
        ({}, {}, "The traced call failed: its span says no more."),
    ],
)
def test_a_trace_that_failed_is_an_error(received: dict[str, Any], meaning: dict[str, Any], says: str):
    record = trace_record(RUN, SIGHTING, *seen({"status": SpanStatus.ERROR, **received}, input=1, **meaning))
    assert (record.status, record.verdict, record.input) == (RecordStatus.ERRORED, Verdict.ERRORED, 1)
    assert record.error == Problem("TRACE_FAILED", says)
    assert [score.status for score in record.scores] == [ScoreStatus.SKIPPED]
    assert record.finished_at is not None


def test_a_failed_trace_with_an_output_is_scored():
    record = trace_record(RUN, SIGHTING, *seen({"status": SpanStatus.ERROR}, output="half"))
    assert (record.status, record.output) == (RecordStatus.SCORING, "half")


def test_a_trace_that_was_deleted_meanwhile_is_an_error():
    trace, root = seen({}, output="one")
    for record in (
        trace_record(RUN, SIGHTING, None, None),
        trace_record(RUN, SIGHTING, trace, None),
        trace_record(RUN, SIGHTING, replace(trace, hidden=True), root),
    ):
        assert (record.status, record.trace_id) == (RecordStatus.ERRORED, trace_id(4))
        assert record.error == Problem("TRACE_DELETED", "The trace was deleted before it was scored.")

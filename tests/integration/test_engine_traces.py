"""The traces of a run: calls are recorded, systems told of them, and evaluators wait for what systems record."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.caching import RunCache
from evalyard_core.domain.evaluators import Evaluator, VariableMapping
from evalyard_core.domain.records import Record, RecordStatus, ScoreStatus, Verdict, stored_outcome
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.domain.traces.completeness import CALLS, Patience
from evalyard_core.domain.traces.spans import ReceivedSpan, Span, SpanKind, SpanStatus, trace_key
from evalyard_core.services.access import ANYONE
from evalyard_core.services.evaluators import Trial
from evalyard_core.services.submissions import Submitted
from evalyard_workers.engine.called import Called
from evalyard_workers.engine.traces import RecordTraces
from tests.fixtures.commands import Commands
from tests.fixtures.spans import a_received, trace_id
from tests.support.openai_server import OpenAIServer
from tests.support.room import Room
from tests.support.traced_system import TracedSystem, traced_system

_PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[TracedSystem]:
    async with traced_system() as system:
        yield system


@pytest.fixture
def system(served: TracedSystem, monkeypatch: pytest.MonkeyPatch) -> TracedSystem:
    """Return an instrumented system, which workers may call."""
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    served.contexts.clear()
    return served


async def version(room: Room, system: TracedSystem, **config: Any) -> SystemVersion:
    return await room.version("http", {"url": system.url, "output": "answer", **config})


async def tools_evaluator(room: Room) -> Evaluator:
    """Return one that checks the tools of a record's trace against what the item expects."""
    return await room.evaluator("tool_calls", {"arguments": "ignore"})


async def ended(room: Room, run: Run) -> Run:
    """Let sweepers and workers go on until the run has ended, and return it."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            await room.sweeper().sweep()
            found = await room.finished(run)
            if found.is_terminal:
                return found
            await asyncio.sleep(0.02)


async def spans_of(room: Room, record: Record) -> list[Span]:
    assert record.trace_id is not None
    return await room.store.spans.of_traces([trace_key(record.project_id, record.trace_id)])


async def take(room: Room, spans: Sequence[ReceivedSpan]) -> None:
    await room.services.trace_intake.take_spans(project_id=room.project.id, received=spans)


async def wait_no_longer(room: Room, run: Run) -> None:
    """Let the time be over for which the run's evaluators wait for traces."""
    await room.store.runs._rows.update_one({"_id": run.id}, {"$set": {"settings.trace_wait_seconds": 0.0}})


def said(record: Record) -> tuple[ScoreStatus, Any, str | None]:
    [score] = record.scores
    return score.status, score.value, score.error.code if score.error else None


async def test_each_call_is_recorded_and_told_of_its_trace(room: Room, system: TracedSystem):
    dataset = await room.dataset([{"answer": "a"}, {"answer": "b", "fails": 1}])
    run = await room.finished(await room.start(dataset, await version(room, system)))
    assert run.status is RunStatus.COMPLETED
    plain, retried = await room.records(run)
    assert plain.trace_id == system.contexts["a"][0][0]
    assert [len(contexts) for contexts in system.contexts.values()] == [1, 2]
    [span] = await spans_of(room, plain)
    assert (span.received.span_id, span.received.scope.name) == (system.contexts["a"][0][1], CALLS)
    assert (span.meaning.kind, span.meaning.input, span.meaning.output) == (SpanKind.UNKNOWN, {"answer": "a"}, "a")
    assert span.received.attributes["evalyard.record_id"] == plain.id
    assert span.received.attributes["http.request.method"] == "POST"
    # The attempt that failed is a trace of its own.
    first, last = system.contexts["b"]
    assert retried.trace_id == last[0] != first[0]
    failed = await room.store.spans.of_traces([trace_key(run.project_id, first[0])])
    assert [(span.received.status, span.received.attributes["error.type"]) for span in failed] == [
        (SpanStatus.ERROR, "HTTP_503")
    ]


async def test_an_errored_record_has_the_trace_of_its_last_attempt(room: Room, system: TracedSystem):
    dataset = await room.dataset([{"answer": "a", "fails": 9}])
    run = await room.finished(await room.start(dataset, await version(room, system), max_attempts=2))
    [record] = await room.records(run)
    assert (record.status, record.trace_id) == (RecordStatus.ERRORED, system.contexts["a"][-1][0])
    [span] = await spans_of(room, record)
    assert (span.received.status, span.received.attributes["evalyard.attempt"]) == (SpanStatus.ERROR, 2)


async def test_nothing_is_recorded_where_the_version_says_so(room: Room, openai: OpenAIServer):
    config = {"base_url": openai.url, "model": "m", "api_key": "${secret:OPENAI}", "trace": False}
    dataset = await room.dataset([{"answer": "a"}])
    run = await room.finished(await room.start(dataset, await room.version("openai", config)))
    [record] = await room.records(run)
    assert record.trace_id is None
    assert await room.store.traces._rows.count_documents({}) == 0


async def test_recording_takes_a_handful_of_writes_a_batch(room: Room, system: TracedSystem, room_commands: Commands):
    dataset = await room.dataset([{"answer": str(n)} for n in range(200)])
    sent: dict[bool, Counter[str]] = {}
    for trace in (False, True):
        run = await room.start(dataset, await version(room, system, headers={"traceparent": "0-0-0-0"}, trace=trace))
        room_commands.take()
        assert (await room.finished(run)).status is RunStatus.COMPLETED
        commands = room_commands.take()
        names = [next(iter(command)) for command in commands]
        sent[trace] = Counter(
            f"{command[name]}.{name}" for command, name in zip(commands, names, strict=True) if name != "getMore"
        )
    extra = sent[True] - sent[False]
    of_traces = {name: count for name, count in extra.items() if name.startswith(("traces.", "spans."))}
    assert await room.store.spans._rows.count_documents({}) == 200
    # Looking for the traces, inserting them and inserting the spans, for each batch of records that was stored.
    assert set(of_traces) == {"traces.find", "traces.insert", "spans.insert"}
    assert max(of_traces.values()) <= sent[True]["records.update"] <= 40


async def test_evaluators_wait_for_the_spans_of_the_system(room: Room, system: TracedSystem):
    dataset = await room.dataset([{"answer": "a"}, {"answer": "b"}], expected=[["search"], ["search", "book"]])
    run = await room.start(dataset, await version(room, system), [await tools_evaluator(room)])
    between = await room.finished(run)
    assert (between.status, between.progress.running, between.progress.completed) == (RunStatus.RUNNING, 2, 0)
    assert {record.status for record in await room.records(run)} == {RecordStatus.SCORING}
    assert room.mailbox.messages == []

    for answer in ("a", "b"):
        await take(room, system.spans(answer, "search"))

    done = await ended(room, run)
    assert done.status is RunStatus.COMPLETED
    assert [said(record) for record in await room.records(run)] == [
        (ScoreStatus.OK, True, None),
        (ScoreStatus.OK, False, None),
    ]
    assert (done.progress.running, done.progress.passed, done.progress.failed) == (0, 1, 1)
    assert [len(contexts) for contexts in system.contexts.values()] == [1, 1]


async def test_an_output_that_is_used_again_is_scored_with_the_trace_of_its_call(room: Room, system: TracedSystem):
    """That is there, so that nobody waits for it to be complete."""
    dataset = await room.dataset([{"answer": "a"}], expected=[["search"]])
    called, evaluators = await version(room, system), [await tools_evaluator(room)]
    answers = RunCache(answers_max_age_seconds=3600)
    first = await room.start(dataset, called, evaluators, cache=answers)
    await room.finished(first)
    await take(room, system.spans("a", "search"))
    await ended(room, first)

    second = await room.start(dataset, called, evaluators, cache=answers, trace_wait_seconds=600)
    await ended(room, second)

    [source], [record] = await room.records(first), await room.records(second)
    assert record.cached_from is not None
    assert (record.cached_from.record_id, record.trace_id) == (source.id, source.trace_id)
    assert said(record) == said(source) == (ScoreStatus.OK, True, None)
    assert [len(contexts) for contexts in system.contexts.values()] == [1]
    patient = RecordTraces(room.store, Patience(limit_seconds=600, quiet_seconds=60))
    [paid, again] = [stored_outcome(each) for each in (source, record)]
    assert paid.finished_at is not None
    assert patient.first_look(Called(source, paid)) == paid.finished_at + timedelta(seconds=60)
    assert patient.first_look(Called(record, again)) == again.finished_at


async def test_other_records_of_the_run_do_not_wait(room: Room, system: TracedSystem):
    """The trace of one is there when its lane comes back; the other's is not until nobody waits any longer."""
    dataset = await room.dataset([{"answer": "a"}, {"answer": "b"}], expected=[["search"], ["search"]])
    run = await room.start(dataset, await version(room, system), [await tools_evaluator(room)], trace_wait_seconds=600)
    await room.finished(run)
    await take(room, system.spans("b", "search"))
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while Counter(record.status for record in await room.records(run))[RecordStatus.COMPLETED] == 0:
            await room.sweeper().sweep()
            await room.finished(run)
            await asyncio.sleep(0.02)
    waiting, scored = await room.records(run)
    assert (waiting.status, said(scored)) == (RecordStatus.SCORING, (ScoreStatus.OK, True, None))

    await wait_no_longer(room, run)
    done = await ended(room, run)
    late, _ = await room.records(run)
    assert said(late) == (ScoreStatus.ERROR, None, "TRACE_MISSING")
    assert late.trace_id is not None
    assert late.trace_id in (late.scores[0].error.message if late.scores[0].error else "")
    assert (late.verdict, done.progress.errored, done.progress.passed) == (Verdict.ERRORED, 1, 1)

    await take(room, system.spans("a", "search"))
    await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
    await ended(room, run)
    assert {said(record) for record in await room.records(run)} == {(ScoreStatus.OK, True, None)}
    assert [len(contexts) for contexts in system.contexts.values()] == [1, 1]


async def test_an_incomplete_trace_is_read_when_nobody_waits_any_longer(room: Room, system: TracedSystem):
    dataset = await room.dataset([{"answer": "a"}], expected=[["search"]])
    run = await room.start(dataset, await version(room, system), [await tools_evaluator(room)], trace_wait_seconds=600)
    await room.finished(run)
    agent, tool = system.spans("a", "search")
    assert agent.span_id == tool.parent_span_id
    await take(room, [tool])
    await wait_no_longer(room, run)
    await ended(room, run)
    [record] = await room.records(run)
    assert said(record) == (ScoreStatus.OK, True, None)


async def test_spans_may_come_before_the_record(room: Room):
    spans = [
        a_received(0, name="agent"),
        a_received(1, 0, 0, name="search", attributes={"openinference.span.kind": "TOOL"}),
    ]
    await take(room, spans)
    run = await room.start(None, None, [await tools_evaluator(room)])
    records = [
        Submitted(input=1, output=1, expected_output=["search"], trace_id=trace_id(0).upper()),
        Submitted(input=2, output=2, expected_output=["search"]),
    ]
    await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=records)
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    await ended(room, run)
    traced, untraced = sorted(await room.records(run), key=lambda record: int(record.input))
    assert traced.trace_id == trace_id(0)
    assert said(traced) == (ScoreStatus.OK, True, None)
    assert (untraced.trace_id, said(untraced)) == (None, (ScoreStatus.SKIPPED, None, None))


async def test_any_path_reads_a_trace(room: Room):
    await take(
        room,
        [
            a_received(0, name="agent", attributes={"input.value": "hi", "output.value": "done"}),
            a_received(1, 0, 0, name="m", attributes={"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7}),
        ],
    )
    mapping = [
        VariableMapping(variable="output", path="[trace.totals.promptTokens, trace.output, length(trace.spans)]"),
        VariableMapping(variable="expected", path="expected"),
    ]
    run = await room.start(None, None, [await room.evaluator(mapping=mapping)])
    record = Submitted(input=1, output=1, expected_output=[7, "done", 2], trace_id=trace_id(0))
    await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=[record])
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    await ended(room, run)
    [scored] = await room.records(run)
    assert said(scored) == (ScoreStatus.OK, True, None)


async def test_a_model_that_is_called_is_a_trace_of_its_own(room: Room, openai: OpenAIServer):
    config = {"base_url": openai.url, "model": "test-chat", "api_key": "${secret:OPENAI}"}
    mapping = [VariableMapping(variable="output", path="trace.spans[0].kind")]
    dataset = await room.dataset(["hi"], expected=["LLM"])
    run = await room.start(dataset, await room.version("openai", config), [await room.evaluator(mapping=mapping)])
    done = await ended(room, run)
    assert done.progress.passed == 1
    [record] = await room.records(run)
    [span] = await spans_of(room, record)
    assert (span.meaning.prompt_tokens, span.meaning.completion_tokens) == (
        record.prompt_tokens,
        record.completion_tokens,
    )
    assert span.meaning.model == "test-chat"


async def test_a_run_can_be_cancelled_while_it_waits(room: Room, system: TracedSystem):
    dataset = await room.dataset([{"answer": "a"}], expected=[["search"]])
    run = await room.start(dataset, await version(room, system), [await tools_evaluator(room)])
    await room.finished(run)
    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    done = await ended(room, run)
    [record] = await room.records(run)
    assert (done.status, record.status, record.output) == (RunStatus.CANCELLED, RecordStatus.CANCELLED, "a")


async def test_a_trace_that_is_too_large_is_an_error(room: Room):
    await take(room, [a_received(0)])
    await room.store.traces._rows.update_many({}, {"$set": {"span_count": 5_001}})
    run = await room.start(None, None, [await tools_evaluator(room)])
    record = Submitted(input=1, output=1, expected_output=["search"], trace_id=trace_id(0))
    await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=[record])
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    await ended(room, run)
    [scored] = await room.records(run)
    assert said(scored) == (ScoreStatus.ERROR, None, "TRACE_TOO_LARGE")


@pytest.mark.usefixtures("acme_quality")
async def test_an_evaluator_of_whole_runs_reads_traces_too(room: Room, system: TracedSystem):
    dataset = await room.dataset([{"answer": "a"}, {"answer": "b"}])
    mapping = [VariableMapping(variable="output", path="trace.tool_calls[0].name")]
    spread = await room.evaluator("spread", mapping=mapping)
    run = await room.start(dataset, await version(room, system), [spread])
    between = await room.finished(run)
    assert (between.status, between.run_scores) == (RunStatus.RUNNING, {})
    await take(room, [*system.spans("a", "search"), *system.spans("b", "book a flight")])
    done = await ended(room, run)
    scored = done.run_scores[spread.id]
    assert (done.status, scored.cases, scored.left_out) == (RunStatus.COMPLETED, 2, 0)
    assert [score.number for score in scored.scores] == [1.0, 3.0]


async def test_an_evaluator_is_tried_on_the_trace_of_a_record(room: Room):
    await take(room, [a_received(0, name="agent")])
    mapping = [VariableMapping(variable="output", path="trace.name")]
    evaluator = await room.evaluator(mapping=mapping)
    run = await room.start(None, None)
    record = Submitted(input=1, output=1, expected_output="agent", trace_id=trace_id(0))
    _, [stored] = await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=[record])
    trial = Trial(evaluator_id=evaluator.id, record_id=stored.id)
    [score] = await room.services.evaluators.try_out(actor=ANYONE, trial=trial)
    assert (score.status, score.value) == (ScoreStatus.OK, True)

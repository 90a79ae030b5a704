"""What a target says of an answer besides the output is stored with the record, and may be anything."""

import pytest

from evalyard_core.domain.records import RecordStatus
from tests.support.openai_replies import Reply
from tests.support.openai_server import OpenAIServer
from tests.support.room import Room
from tests.support.systems import SAID


async def test_a_model_is_asked_for_every_item(
    room: Room, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    openai.chat.answers(lambda asked: Reply(asked.prompt.upper(), finish_reason="length", prompt_tokens=100))
    prices = {"input_per_million": 10, "output_per_million": 0}
    config = {"base_url": openai.url, "model": "test-chat", "api_key": "${secret:OPENAI}", "prices": prices}
    template = [{"role": "user", "content": {"$text": "{{input.q}} {{trial}}"}}]
    system = await room.version("openai", {**config, "messages": template})
    dataset = await room.dataset([{"q": "a"}, {"q": "b"}], expected=["A 1", "A 2"])

    run = await room.finished(await room.start(dataset, system, [await room.evaluator()], trials=2))
    records = await room.records(run)

    assert [record.output for record in records] == ["A 1", "A 2", "B 1", "B 2"]
    assert [record.response["finish_reason"] for record in records] == ["length"] * 4
    assert run.summary is not None
    assert (run.progress.passed, run.summary.total_cost_usd) == (1, pytest.approx(0.004))
    assert run.summary.total_tokens == 4 * 103


async def test_what_can_not_be_stored_is_the_records_own_fault(room: Room) -> None:
    dataset = await room.dataset([{"answer": str(place), "place": place} for place in range(len(SAID))])

    run = await room.finished(await room.start(dataset, await room.system("talkative")))
    records = await room.records(run)

    assert [record.response for record in records[:3]] == SAID[:3]
    assert {record.status for record in records[:3]} == {RecordStatus.COMPLETED}
    assert [record.error.code for record in records[3:] if record.error] == ["BAD_OUTPUT"] * 4
    assert records[3].error is not None
    assert records[3].error.message.startswith("The metadata can't be stored: A payload may have 100,000 bytes at most")

"""Evaluators that ask a model, in real runs: what they give is stored with its cost, and what they know is not."""

from typing import Any

from evalyard_core.domain.records import ScoreStatus, Verdict
from evalyard_core.domain.runs import RunStatus
from tests.fixtures.house import everything
from tests.fixtures.openai import openai, openai_process
from tests.support.openai_replies import Fault, Reply
from tests.support.openai_server import Asked, OpenAIServer
from tests.support.room import Room

__all__ = ["openai", "openai_process"]


def endpoint(openai: OpenAIServer, model: str) -> dict[str, Any]:
    return {"model": model, "base_url": openai.url, "api_key": "${secret:OPENAI}", "prices": {"input": 1, "output": 2}}


def verdict(asked: Asked) -> Reply:
    """Say of the 7 that it is wrong; the prompt has 10 tokens and the answer 5."""
    return Reply({"explanation": "I looked.", "verdict": "\n7\n" not in asked.prompt}, None, None, None, 10, 5)


async def test_a_judge_and_embeddings_score_a_run(room: Room, openai: OpenAIServer) -> None:
    openai.chat.answers(Fault.rate_limit("0"), verdict)
    judge = await room.evaluator(
        "evalyard-judge/judge_boolean", {**endpoint(openai, "test-chat"), "guideline": "It is not 7."}
    )
    similarity = await room.evaluator("evalyard-semantic/embedding_similarity", endpoint(openai, "test-embedding"))
    dataset = await room.dataset([{"answer": str(n)} for n in range(20)], expected=[f"not {n}" for n in range(20)])

    run = await room.finished(await room.start(dataset, await room.system("echo"), [judge, similarity]))

    assert run.status is RunStatus.COMPLETED
    records = await room.records(run)
    assert [record.verdict for record in records].count(Verdict.FAILED) == 1
    assert records[7].verdict is Verdict.FAILED
    judged = [record.scores[0] for record in records]
    assert {(score.prompt_tokens, score.completion_tokens, score.cost_usd) for score in judged} == {(10, 5, 20 / 1e6)}
    assert sum(score.metadata["attempts"] for score in judged if score.metadata) == 21
    assert all(-1 <= (record.scores[1].number or 0) <= 1 for record in records)
    assert len(openai.chat.asked) == 21
    assert len(openai.embeddings.asked) < 10


async def test_the_key_is_stored_nowhere(room: Room, openai: OpenAIServer) -> None:
    openai.key, wrong = "sk-another-one", openai.key
    judge = await room.evaluator(
        "evalyard-judge/judge_boolean", {**endpoint(openai, "test-chat"), "guideline": "It is not 7."}
    )
    run = await room.finished(
        await room.start(await room.dataset([{"answer": "7"}]), await room.system("echo"), [judge])
    )

    ((score,),) = [record.scores for record in await room.records(run)]
    assert score.status is ScoreStatus.ERROR
    assert score.error is not None
    assert score.error.code == "HTTP_401"
    assert "Incorrect API key provided: ***. Check the secret that api_key names." in score.error.message
    stored = repr(await everything(room.store))
    assert "${secret:OPENAI}" in stored
    assert wrong not in stored

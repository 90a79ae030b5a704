"""Judges that ask a real OpenAI-compatible server on the loopback interface."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from evalyard import Evaluator
from tests.fixtures.openai import openai, openai_process
from tests.support.openai_server import OpenAIServer

__all__ = ["make_judge", "openai", "openai_process"]


@pytest.fixture
async def make_judge(openai: OpenAIServer) -> AsyncIterator[Callable[..., Any]]:
    """Make evaluators that ask the server, closed after the test."""
    judges: list[Any] = []

    def make(kind: type[Evaluator[Any]], **config: Any) -> Any:
        plain = {"base_url": openai.url, "api_key": "${secret:OPENAI}", "model": "test-chat"}
        judges.append(kind(kind.Config.model_validate(plain | config)))
        return judges[-1]

    yield make
    for judge in judges:
        await judge.teardown()

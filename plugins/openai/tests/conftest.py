"""A real OpenAI-compatible server on the loopback interface, and endpoints that ask it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from evalyard_openai import Endpoint, EndpointConfig
from evalyard_openai._retrying import Retrying
from tests.fixtures.openai import openai, openai_process
from tests.support.openai_server import OpenAIServer

__all__ = ["make_endpoint", "openai", "openai_process"]


@pytest.fixture
async def make_endpoint(openai: OpenAIServer) -> AsyncIterator[Callable[..., Endpoint]]:
    """Make endpoints that hardly wait between attempts, closed after the test."""
    endpoints: list[Endpoint] = []

    def make(**config: Any) -> Endpoint:
        plain = {"base_url": openai.url, "api_key": "${secret:OPENAI}", "model": "test-chat"}
        made = EndpointConfig.model_validate(plain | config)
        endpoints.append(Endpoint(made, Retrying(made.max_attempts, first_wait_seconds=0.001)))
        return endpoints[-1]

    yield make
    for endpoint in endpoints:
        await endpoint.close()

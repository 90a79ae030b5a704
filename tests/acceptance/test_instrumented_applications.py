"""Applications that are instrumented in their usual ways send to a running server; an endpoint and a header is all.

Each is a process of its own, with a stock exporter; the server has a table of prices.
"""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pymongo import AsyncMongoClient

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.lists import PageRequest, SpanList, TraceList
from evalyard_core.domain.traces.spans import Span, SpanStatus
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.services.access import AccessService
from evalyard_core.services.projects import ProjectService
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.app import create_app
from tests.fixtures.api import serve, settings_for
from tests.support.collector import run_assistant
from tests.support.openai_server import openai_server

#: The way in which an assistant is instrumented, and the exporter that it sends with.
APPLICATIONS = (
    ("opentelemetry", "otlp_proto_http"),
    ("openinference", "otlp_json_http"),
    ("openllmetry", "otlp_proto_http"),
    ("sdk", "otlp_proto_http"),
    ("sdk", "otlp_json_http"),
)
OPERATOR = Actor(name="operator", role=Role.ADMIN)
PRICES = {"input_per_million": 10, "output_per_million": 20, "cached_input_per_million": 1}


class Kept(NamedTuple):
    """A trace as the server keeps it, with its spans in their order."""

    trace: Trace
    spans: list[Span]

    @property
    def kinds(self) -> Counter[str]:
        """How many spans there are of each kind."""
        return Counter(span.meaning.kind.value for span in self.spans)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the operator's table of prices."""
    file = tmp_path_factory.mktemp("prices") / "prices.json"
    file.write_text(json.dumps({"test-chat": PRICES}))
    return file


@pytest.fixture(scope="module")
async def settings(mongodb_url: str, broker_url: str, prices: Path) -> AsyncIterator[Settings]:
    """Return the settings of the server, over a database of its own."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield settings_for(mongodb_url, name, broker_url, auth="keys", model_prices=prices)
    async with AsyncMongoClient[Any](mongodb_url) as client:
        await client.drop_database(name)


@pytest.fixture(scope="module")
async def kept(settings: Settings) -> dict[tuple[str, str], list[Kept]]:
    """Return the traces of each application, in the order in which they began."""
    store = await Store.open(settings.mongodb_url, settings.database)
    async with serve(create_app(settings)) as server:
        traces = await asyncio.gather(*(_traces_of(store, server.url, *application) for application in APPLICATIONS))
    await store.close()
    return dict(zip(APPLICATIONS, traces, strict=True))


async def _traces_of(store: Store, url: str, instrumentation: str, exporter: str) -> list[Kept]:
    project = await ProjectService(store).create(actor=OPERATOR, name=f"{instrumentation} {exporter}")
    _, secret = await AccessService(store).create_key(
        actor=OPERATOR, project_id=project.id, name="assistant", role=Role.EDITOR
    )
    async with openai_server() as model:
        header = f"Authorization=Bearer%20{secret}"
        await run_assistant(
            instrumentation, model, url, OTEL_EXPORTER_OTLP_HEADERS=header, OTEL_TRACES_EXPORTER=exporter
        )
    [page] = await store.traces.pages([PageRequest(of=TraceList(project_id=project.id), first=100)])
    return [
        Kept(trace, await _spans_of(store, project.id, trace.id))
        for trace in sorted(page.items, key=lambda trace: trace.start_ns)
    ]


async def _spans_of(store: Store, project_id: str, trace: str) -> list[Span]:
    [page] = await store.spans.pages([PageRequest(of=SpanList(project_id=project_id, trace=trace), first=100)])
    return list(page.items)


@pytest.mark.parametrize("application", APPLICATIONS[:2])
async def test_a_conversation_is_one_complete_trace(kept: Any, application: tuple[str, str]) -> None:
    conversation, *_ = kept[application]

    assert conversation.kinds == {"AGENT": 1, "LLM": 2, "TOOL": 1}
    root, *children = conversation.spans
    assert {span.received.parent_span_id for span in children} == {root.received.span_id}
    assert conversation.trace.total_tokens == 40 + 9 + 60 + 3
    assert conversation.trace.usage.cached_tokens == 16
    assert conversation.trace.usage.cost_usd == pytest.approx((436 + 660) / 1_000_000)
    assert (conversation.trace.models, conversation.trace.error_count) == (("test-chat",), 0)
    assert conversation.trace.session is not None
    assert conversation.trace.session.value == "session-7"


@pytest.mark.parametrize("application", APPLICATIONS[:3])
async def test_what_models_used_is_counted_and_priced(kept: Any, application: tuple[str, str]) -> None:
    conversation, streamed, embedded, refused = kept[application]

    assert (conversation.kinds["LLM"], conversation.trace.total_tokens) == (2, 112)
    assert (streamed.kinds, streamed.trace.total_tokens) == ({"LLM": 1}, 15)
    assert streamed.trace.usage.cost_usd == pytest.approx(180 / 1_000_000)
    assert (embedded.kinds, embedded.trace.total_tokens) == ({"EMBEDDING": 1}, 3)
    # Nobody has said what that model costs.
    assert embedded.trace.usage.cost_usd == 0
    assert (refused.trace.total_tokens, refused.trace.error_count) == (0, 2)
    assert refused.trace.status is SpanStatus.ERROR
    assert {span.meaning.error.type for span in refused.spans} == {"openai.AuthenticationError"}


@pytest.mark.parametrize("application", APPLICATIONS[3:])
async def test_plain_spans_are_kept_as_they_are(kept: Any, application: tuple[str, str]) -> None:
    conversation, refused = kept[application]

    assert [span.received.name for span in conversation.spans] == ["POST forecaster", "weather"]
    assert conversation.kinds == {"UNKNOWN": 2}
    root, database = conversation.spans
    assert root.received.attributes["http.response.status_code"] == 200
    assert database.meaning.input == "SELECT degrees FROM weather"
    assert database.received.attributes["db.system.name"] == "postgresql"
    assert root.received.resource["service.name"] == "assistant"
    assert (refused.trace.status, refused.trace.error_count) == (SpanStatus.ERROR, 1)

"""The guide to traces: its program sends spans to a server, and its operations are taken."""

import asyncio
import re
from pathlib import Path
from typing import Any

from evalyard_core.domain.lists import PageRequest, TraceList
from evalyard_core.storage import Store
from tests.fixtures.api import Server
from tests.fixtures.asking import Asker
from tests.integration.conftest import Key

GUIDE = (Path(__file__).parents[2] / "docs" / "traces.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


async def test_the_program_sends_spans(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key
) -> None:
    [program] = _blocks("python")
    defined: dict[str, Any] = {}
    exec(program, defined)

    def run() -> None:
        provider = defined["traced"](f"{guarded_server.url}/v1/traces", project_key.secret)
        with provider.get_tracer("support").start_as_current_span("from the guide"):
            pass
        provider.shutdown()

    await asyncio.to_thread(run)
    [page] = await shared_store.traces.pages([PageRequest(of=TraceList(project_id=project_id), first=100)])
    assert [trace.name for trace in page.items] == ["from the guide"]


async def test_the_operations_are_taken(operator: Asker) -> None:
    project = (await operator('mutation { createProject(input: {name: "guided"}) { id } }'))["createProject"]["id"]
    retention, redaction = [await operator(block, id=project) for block in _blocks("graphql")]
    assert retention == {"updateProject": {"retention": {"traceDays": 30, "runDays": 365}}}
    assert redaction["updateProject"]["redaction"] == {
        "names": ["password", "user.email", "http.request.header.*"],
        "patterns": [r"\b\d{3}-\d{2}-\d{4}\b"],
    }

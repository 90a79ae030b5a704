"""The commands and programs of the guides to importing do what they say."""

import json
import re
import shlex
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from evalyard.cli._commands import GROUP, build_app
from evalyard.client import Client
from evalyard.importing import Source
from evalyard.importing.tools import TOOLS
from tests.acceptance.command_line.test_examples import write_imported
from tests.fixtures.stack import PROJECT, stack_url

__all__ = ["stack_url"]

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """Return the lines of blocks without a language that begin with the command."""
    without_programs = re.sub(r"^```\w+\n.*?^```$", "", (DOCS / page).read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^evalyard .*$", without_programs, re.MULTILINE)


COMMANDS = [*commands("importing.md"), *commands("moving-from-openai-evals.md")]


def test_the_guides_have_commands():
    assert len(COMMANDS) == 14


@pytest.fixture
def folder(tmp_path: Path, stack_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("EVALYARD_PROJECT", PROJECT)
    monkeypatch.setenv("EVALYARD_URL", stack_url)
    monkeypatch.delenv("EVALYARD_API_KEY", raising=False)
    write_imported(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_guides_works(folder: Path, line: str):
    arguments = shlex.split(line)[1:]
    done = CliRunner().invoke(build_app(entry_points(group=GROUP), arguments), arguments)
    assert (done.exit_code, done.exception) == (0, None), done.output


def test_the_program_of_the_guide_imports(folder: Path, capsys: pytest.CaptureFixture[str]):
    [program] = blocks("importing.md", "python")
    with Client() as client:
        new = {"projectId": client.project_id(), "name": "in python"}
        client.execute("mutation($input: CreateDatasetInput!) { createDataset(input: $input) { id } }", input=new)
    exec(program.replace('"questions")', '"in python")'), {})
    assert capsys.readouterr().out == "1 added, 0 updated, 0 unchanged, 0 rejected; the dataset is at version 1\n"


PAGES = {
    "/v1/evals": [{"id": "eval_1", "object": "eval"}],
    "/v1/evals/eval_1/runs": [{"id": "evalrun_1", "object": "eval.run"}],
    "/v1/evals/eval_1/runs/evalrun_1/output_items": [
        {
            "object": "eval.run.output_item",
            "id": f"item_{number}",
            "datasource_item_id": number,
            "datasource_item": {"question": f"{number}?", "answer": "4"},
            "results": [{"name": "check", "passed": True, "score": 1.0}],
            "sample": {"output": [{"role": "assistant", "content": "4"}]},
        }
        for number in range(3)
    ],
}


class Hosted(BaseHTTPRequestHandler):
    """Lists as the hosted service does, two objects a page."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        entries, after = PAGES[asked.path], parse_qs(asked.query).get("after")
        begin = 1 + [entry["id"] for entry in entries].index(after[0]) if after else 0
        page = entries[begin : begin + 2]
        body = json.dumps({"object": "list", "data": page, "has_more": begin + 2 < len(entries)}).encode()
        self.send_response(200 if self.headers["Authorization"] == "Bearer sk-test" else 401)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_the_guide_saves_of_the_hosted_service_can_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    [program] = blocks("moving-from-openai-evals.md", "python")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with ThreadingHTTPServer(("127.0.0.1", 0), Hosted) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        exec(program, {})
        server.shutdown()
    [run] = TOOLS["openai-evals"](Source(tmp_path / "openai-evals" / "eval_1" / "evalrun_1.jsonl"))
    assert [(result.item["input"], result.outcome, result.scores) for result in run.read()] == [
        (f"{number}?", {"output": "4"}, {"check": {"value": 1.0, "passed": True}}) for number in range(3)
    ]

"""Exports over HTTP: what is in them, in each form, for whoever has a key."""

import csv
import gzip
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from pyarrow import BufferReader

from evalyard_core.domain.access import Role
from evalyard_core.domain.caching import AnswerOrigin
from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Annotation, Problem, Record, RecordStatus, ScoreSource, ScoreStatus, Verdict
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.services.access import AccessService
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.app import create_app
from tests.fixtures.api import Server, serve
from tests.fixtures.asking import gid
from tests.fixtures.core import a_project, a_score, a_snapshot
from tests.fixtures.objects import a_record, a_run
from tests.integration.conftest import OPERATOR, Key

FORMS = ["csv", "jsonl", "parquet"]


@dataclass(frozen=True)
class Exported:
    """A project with a run of three records, and who may read it."""

    run: Run
    records: list[Record]
    keys: dict[str, Key]

    @property
    def path(self) -> str:
        return f"/exports/runs/{gid('Run', self.run)}"

    @property
    def project_path(self) -> str:
        return f"/exports/projects/{gid('Project', self.run.project_id)}/records"


@pytest.fixture(scope="module")
async def server(shared_settings: Settings) -> AsyncIterator[Server]:
    settings = shared_settings.model_copy(update={"auth": "keys"})
    async with serve(create_app(settings)) as server:
        yield server


@pytest.fixture(scope="module")
async def exported(shared_store: Store) -> Exported:
    keys = {}
    projects = {name: a_project() for name in ("mine", "theirs")}
    for name, project in projects.items():
        await shared_store.projects.insert(project)
        key, secret = await AccessService(shared_store).create_key(
            actor=OPERATOR, project_id=project.id, name=name, role=Role.VIEWER
        )
        keys[name] = Key(key.id, secret)
    exact = a_snapshot(evaluator_id="1" * 24, name="exact")
    close = a_snapshot(evaluator_id="2" * 24, name="output", score_type=ScoreType.NUMERIC)
    run = a_run(projects["mine"].id, number=7, status=RunStatus.COMPLETED, finished_at=now(), evaluators=(exact, close))
    await shared_store.runs.add(run)
    records = _records(run)
    await shared_store.records.add(records)
    return Exported(run, records, keys)


def _records(run: Run) -> list[Record]:
    moment = now()
    right = a_score(evaluator_id="1" * 24, name="exact", explanation="=the same")
    near = a_score(evaluator_id="2" * 24, name="output", value=-0.25, number=-0.25, passed=None)
    taste = a_score(evaluator_id=None, name="taste", source=ScoreSource.HUMAN, value="+good", number=None, passed=None)
    broken = replace(
        right, status=ScoreStatus.ERROR, value=None, number=None, passed=None, error=Problem("TIMEOUT", "Too slow.")
    )
    note = Annotation(id="a", author="ada", created_at=moment, rating=5, comment="fine")
    return [
        a_record(
            run,
            0,
            output={"a": ["é", None]},
            expected_output="because",
            metadata={"lang": "de"},
            tags=("x", "y"),
            verdict=Verdict.PASSED,
            latency_ms=12.5,
            cost_usd=0.001,
            prompt_tokens=3,
            attempts=1,
            cached_from=AnswerOrigin(record_id="r.i.1"),
            started_at=moment,
            finished_at=moment,
            scores=(right, near, taste),
            annotations=(note,),
        ),
        a_record(run, 1, output="=1+1", verdict=Verdict.ERRORED, scores=(broken, near)),
        a_record(run, 2, status=RecordStatus.ERRORED, verdict=Verdict.ERRORED, error=Problem("SYSTEM_ERROR", "Down.")),
    ]


async def get(server: Server, path: str, key: Key | None = None, **options: Any) -> httpx.Response:
    async with server.client() as client:
        return await client.get(path, headers=key.headers if key else {}, **options)


def rows_of(form: str, content: bytes) -> list[dict[str, Any]]:
    """Return the rows of a file in any form: JSON values as values, what is empty as None."""
    if form == "jsonl":
        return [json.loads(line) for line in content.decode().splitlines()]
    if form == "csv":
        rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))
        return [{name: _read_cell(name, value) for name, value in row.items()} for row in rows]
    rows = pq.read_table(BufferReader(content)).to_pylist()
    return [{name: _read_value(name, value) for name, value in row.items()} for row in rows]


JSON_COLUMNS = {"input", "expected_output", "output", "metadata", "tags", "annotations"}
OTHERS = {"trial", "attempts", "latency_ms", "cost_usd", "prompt_tokens", "exact", "exact.passed", "output (2)"}


def _read_cell(name: str, value: str) -> Any:
    return json.loads(value) if value and name in JSON_COLUMNS | OTHERS else value.removeprefix("'") or None


def _read_value(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.loads(value) if value is not None and name in JSON_COLUMNS else value


@pytest.mark.parametrize("form", FORMS)
async def test_a_run_is_the_same_table_in_every_form(form: str, server: Server, exported: Exported):
    response = await get(server, f"{exported.path}.{form}", exported.keys["mine"])

    assert response.status_code == 200, response.text
    rows = rows_of(form, response.content)
    first = exported.records[0]
    at = first.started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if first.started_at else None
    assert list(rows[0]) == [
        *("record_id", "run_id", "item_id", "trial", "status", "verdict", "input", "expected_output", "output"),
        *("metadata", "tags", "error", "attempts", "latency_ms", "cost_usd", "prompt_tokens", "completion_tokens"),
        *("trace_id", "cached_from", "started_at", "finished_at", "annotations"),
        *("exact", "exact.passed", "exact.explanation", "exact.error"),
        *("output (2)", "output (2).passed", "output (2).explanation", "output (2).error"),
        *("taste", "taste.passed", "taste.explanation", "taste.error"),
    ]
    assert rows[0] == {
        "record_id": gid("Record", first),
        "run_id": gid("Run", exported.run),
        "item_id": gid("DatasetItem", first.item_id),
        "trial": 1,
        "status": "COMPLETED",
        "verdict": "PASSED",
        "input": {"question": 0},
        "expected_output": "because",
        "output": {"a": ["é", None]},
        "metadata": {"lang": "de"},
        "tags": ["x", "y"],
        "error": None,
        "attempts": 1,
        "latency_ms": 12.5,
        "cost_usd": 0.001,
        "prompt_tokens": 3,
        "completion_tokens": None,
        "trace_id": None,
        "cached_from": gid("Record", "r.i.1"),
        "started_at": at,
        "finished_at": at,
        "annotations": [{"author": "ada", "rating": 5, "comment": "fine", "created_at": at}],
        "exact": True,
        "exact.passed": True,
        "exact.explanation": "=the same",
        "exact.error": None,
        "output (2)": -0.25,
        "output (2).passed": None,
        "output (2).explanation": None,
        "output (2).error": None,
        "taste": "+good",
        "taste.passed": None,
        "taste.explanation": None,
        "taste.error": None,
    }
    assert [(row["verdict"], row["error"], row["exact"], row["exact.error"], row["output"]) for row in rows[1:]] == [
        ("ERRORED", None, None, "TIMEOUT: Too slow.", "=1+1"),
        ("ERRORED", "SYSTEM_ERROR: Down.", None, None, None),
    ]


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("csv", "text/csv; charset=utf-8; header=present"),
        ("jsonl", "application/jsonl; charset=utf-8"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
async def test_the_headers_say_what_it_is_and_how_the_file_is_called(
    form: str, media_type: str, server: Server, exported: Exported
):
    response = await get(server, f"{exported.path}.{form}", exported.keys["mine"])
    async with server.client(headers=exported.keys["mine"].headers) as client:
        head = await client.head(f"{exported.path}.{form}")

    assert response.headers["content-type"] == media_type
    assert response.headers["content-disposition"] == f'attachment; filename="run-7.{form}"'
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["transfer-encoding"] == "chunked"
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", media_type)


async def test_it_is_compressed_for_whoever_takes_that(server: Server, exported: Exported):
    path, key = f"{exported.path}.jsonl", exported.keys["mine"]
    async with server.client(headers=key.headers) as client:
        plain = await client.get(path, headers={"Accept-Encoding": "identity"})
        async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
            packed = b"".join([chunk async for chunk in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert len(packed) < len(plain.content)
    assert gzip.decompress(packed) == plain.content


async def test_a_spreadsheet_gets_no_formula(server: Server, exported: Exported):
    response = await get(server, f"{exported.path}.csv", exported.keys["mine"])
    [first, second, _] = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert (first["exact.explanation"], first["taste"]) == ("'=the same", "'+good")
    assert (second["output"], second["output (2)"]) == ('"=1+1"', "-0.25")


async def test_a_parquet_file_has_the_types_of_the_values(server: Server, exported: Exported):
    response = await get(server, f"{exported.path}.parquet", exported.keys["mine"])
    schema = pq.read_schema(BufferReader(response.content))
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert {types[name] for name in ("exact", "exact.passed")} == {"bool"}
    assert (types["output (2)"], types["attempts"], types["started_at"]) == ("double", "int64", "timestamp[ms, tz=UTC]")
    assert {types[name] for name in ("input", "taste", "verdict", "exact.explanation")} == {"string"}


@pytest.mark.parametrize("form", FORMS)
async def test_a_run_without_records_is_a_table_without_rows(
    form: str, server: Server, exported: Exported, shared_store: Store
):
    empty = a_run(exported.run.project_id, number=8, evaluators=exported.run.evaluators)
    await shared_store.runs.add(empty)
    response = await get(server, f"/exports/runs/{gid('Run', empty)}.{form}", exported.keys["mine"])
    assert (response.status_code, rows_of(form, response.content)) == (200, [])


@pytest.mark.parametrize("form", FORMS)
async def test_a_filter_finds_the_records_of_a_project_newest_first(form: str, server: Server, exported: Exported):
    found = {}
    for name, wanted in {
        "all": None,
        "errored": {"verdict": ["ERRORED"]},
        "exact": {"scores": [{"evaluatorId": gid("Evaluator", "1" * 24), "passed": True}], "tags": ["x"]},
        "run": {"runIds": [gid("Run", exported.run)], "verdict": ["PASSED", "ERRORED"]},
        "others": {"runIds": [gid("Run", "9" * 24)]},
    }.items():
        parameters = {} if wanted is None else {"filter": json.dumps(wanted)}
        response = await get(server, f"{exported.project_path}.{form}", exported.keys["mine"], params=parameters)
        assert response.status_code == 200, response.text
        found[name] = rows_of(form, response.content)

    first, second, third = (gid("Record", record) for record in exported.records)
    assert {name: [row["record_id"] for row in rows] for name, rows in found.items()} == {
        "all": [third, second, first],
        "errored": [third, second],
        "exact": [first],
        "run": [first, second, third],
        "others": [],
    }
    assert list(found["exact"][0])[22:] == [
        *("exact", "exact.passed", "exact.explanation", "exact.error"),
        *("output (2)", "output (2).passed", "output (2).explanation", "output (2).error"),
        *("taste", "taste.passed", "taste.explanation", "taste.error"),
    ]
    assert not {"taste", "taste.passed"} & found["errored"][0].keys()


async def test_another_projects_run_in_a_filter_has_no_records(server: Server, exported: Exported, shared_store: Store):
    theirs = a_run((await shared_store.api_keys.get(exported.keys["theirs"].id)).project_id, number=1)
    await shared_store.runs.add(theirs)
    await shared_store.records.add([a_record(theirs, 0)])
    for ids in ([theirs], [theirs, exported.run]):
        wanted = {"runIds": [gid("Run", run) for run in ids]}
        response = await get(
            server, f"{exported.project_path}.jsonl", exported.keys["mine"], params={"filter": json.dumps(wanted)}
        )
        assert len(response.text.splitlines()) == 3 * (len(ids) - 1)

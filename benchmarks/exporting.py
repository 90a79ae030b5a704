"""(e) Exports of runs of growing length over HTTP: time, size, and the most memory that the API process ever had."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.stack import Servers, free_port, process, serve_command, until_listening
from evalyard import ScoreType
from evalyard_core.domain.access import Project
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.ids import new_id, record_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus, Score, ScoreSource, ScoreStatus, Verdict
from evalyard_core.domain.runs import Run, RunSettings, RunSource, RunStatus
from evalyard_core.storage import Store
from evalyard_schema.ids import encode

#: What is exported of a run, behind its id; `{other}` is a run of the same cases.
EXPORTS = (".csv", ".jsonl", ".parquet", "/comparison.csv?candidate={other}")
_BULK = 10_000


class Measured(NamedTuple):
    """What one export took."""

    first_byte_seconds: float
    seconds: float
    size: int
    peak_rss: int


async def measure(servers: Servers, counts: Sequence[int], console: Console) -> None:
    """Lay down two runs of each length, export them in each form from a process of its own, and print the table."""
    table = Table(title="Export of a run with three scores a record, over HTTP")
    for column in ("records", "what", "first byte s", "all s", "records/s", "MB", "peak RSS MB"):
        table.add_column(column, justify="left" if column == "what" else "right")
    database = "bench_exporting"
    store = await Store.open(servers.mongodb_url, database)
    project = Project(id=new_id(), name="bench", description="", created_at=now())
    await store.projects.insert(project)
    for count in counts:
        run, other = [encode("Run", (await _lay_out(store, project, count)).id) for _ in range(2)]
        for what in EXPORTS:
            measured = await _export(servers, database, f"/exports/runs/{run}{what.format(other=other)}")
            table.add_row(
                f"{count:,}",
                what.partition("?")[0][1:],
                f"{measured.first_byte_seconds:.2f}",
                f"{measured.seconds:.1f}",
                f"{count / measured.seconds:,.0f}",
                f"{measured.size / 1e6:,.1f}",
                f"{measured.peak_rss / 1e6:.0f}",
            )
    await store.close()
    console.print(table)


async def _export(servers: Servers, database: str, path: str) -> Measured:
    port = free_port()
    environment = {**servers.environment(database), "EVALYARD_AUTH": "none", "EVALYARD_PORT": str(port)}
    async with process(*serve_command(), environment=environment) as pid:
        await until_listening(port)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=600, headers={"Accept-Encoding": "identity"}
        ) as client:
            begun, first, size = time.perf_counter(), 0.0, 0
            async with client.stream("GET", path) as response:
                response.raise_for_status()
                async for chunk in response.aiter_raw():
                    first = first or time.perf_counter() - begun
                    size += len(chunk)
            return Measured(first, time.perf_counter() - begun, size, peak_rss(pid))


def peak_rss(pid: int) -> int:
    """Return the most memory that a process had, in bytes: VmHWM in proc(5)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell how much memory a process had")


async def _lay_out(store: Store, project: Project, count: int) -> Run:
    evaluators = tuple(_snapshot(name) for name in ("exact", "fuzzy", "number"))
    run = Run(
        id=new_id(),
        project_id=project.id,
        number=count,
        name=f"{count:,} records",
        source=RunSource.API,
        status=RunStatus.COMPLETED,
        settings=RunSettings(),
        created_at=now(),
        started_at=now(),
        finished_at=now(),
        evaluators=evaluators,
    )
    await store.runs.add(run)
    # One record is encoded, and the others differ in what tells records apart: a million are there in a minute.
    like = store.records._document(_record(run))  # noqa: SLF001 - as the store itself writes it
    for begin in range(0, count, _BULK):
        rows = [_numbered(like, run, place) for place in range(begin, min(count, begin + _BULK))]
        await store.records._rows.insert_many(rows, ordered=False)  # noqa: SLF001 - likewise
    return run


def _numbered(like: dict[str, Any], run: Run, place: int) -> dict[str, Any]:
    item_id = f"{place:024d}"
    text = f'{{"question":"Case {place}: {"how many apples are left? " * 15}"}}'
    return {**like, "_id": record_id(run.id, item_id, 1), "item_id": item_id, "seq": place, "input": text}


def _snapshot(name: str) -> EvaluatorSnapshot:
    return EvaluatorSnapshot(
        evaluator_id=new_id(),
        name=name,
        version=1,
        plugin=f"evalyard-text/{name}",
        plugin_version="1.0",
        config={},
        config_hash="0" * 16,
        mapping=(),
        score_type=ScoreType.NUMERIC,
    )


def _record(run: Run) -> Record:
    moment = now()
    scores = tuple(
        Score(
            name=snapshot.name,
            evaluator_id=snapshot.evaluator_id,
            evaluator_version=1,
            plugin=snapshot.plugin,
            plugin_version="1.0",
            config_hash=snapshot.config_hash,
            status=ScoreStatus.OK,
            source=ScoreSource.PLUGIN,
            created_at=moment,
            value=0.75,
            number=0.75,
            passed=True,
            explanation="Three words of four are the same.",
        )
        for snapshot in run.evaluators
    )
    return Record(
        id="",
        run_id=run.id,
        project_id=run.project_id,
        dataset_id=None,
        item_id=None,
        system_version_id=None,
        seq=0,
        lane=0,
        trial=1,
        input=None,
        expected_output="First the apples are counted. " * 5,
        metadata={"lang": "en"},
        tags=("sums",),
        status=RecordStatus.COMPLETED,
        verdict=Verdict.PASSED,
        created_at=moment,
        output="Then those that were eaten are taken away. " * 5,
        attempts=1,
        latency_ms=123.4,
        cost_usd=0.001,
        prompt_tokens=100,
        completion_tokens=20,
        started_at=moment,
        finished_at=moment,
        scores=scores,
    )

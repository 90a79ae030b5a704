"""What it costs to call a plugin here, in a process, in an environment of its own, and to find 200 of them."""

import asyncio
import statistics
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evalyard.plugins import discover
from evalyard_core.domain.evaluators import EvaluatorSnapshot, ScoreType
from evalyard_workers.plugins.environments import Environment
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.lending import lend
from evalyard_workers.plugins.rules import PluginRules
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads

KEY = "bench-plugin/same"
SOURCE = '''
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.BOOLEAN)
def same(*, output: str, expected: str) -> bool:
    """Check that two texts are the same."""
    return output == expected
'''
DISTRIBUTIONS = 200
BATCH = 100
ROUNDS = 30


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the evaluator runs, and the most microseconds that a score in a batch may cost there."""

    name: str
    rules: PluginRules
    aim: float


async def measure(console: Console) -> None:
    """Print the overhead a score, singly and in batches, and how long discovery takes."""
    with tempfile.TemporaryDirectory(prefix="evalyard-bench-") as temporary:
        folder = Path(temporary)
        site = _laid_down(folder / "site", "bench-plugin", SOURCE)
        environment = _environment(folder / "plugins" / "bench-plugin")
        sys.path.insert(0, str(site))
        table = Table("where", "one score", "a score of 100", "aim", title="Overhead of a score (median)")
        for place in (
            _Place("in the worker", PluginRules(trusted=("bench-plugin",)), 20),
            _Place("in a process", PluginRules(), 200),
            _Place("in its own environment", PluginRules(folder=environment.folder.parent), 400),
        ):
            single, batch = await _overhead(place)
            table.add_row(place.name, f"{single:,.0f} µs", f"{batch:,.1f} µs", f"{place.aim:,.0f} µs")
        console.print(table)
        sys.path.remove(str(site))
        _discovery(folder / "many", console)


def _laid_down(site: Path, name: str, source: str = "") -> Path:
    """Make a distribution with one evaluator, as it is found when it is installed."""
    module = name.replace("-", "_")
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    lines = "".join(f"Classifier: Topic :: {number}\n" for number in range(20))
    required = "Requires-Dist: evalyard>=0.1,<0.2\n"
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{lines}{required}")
    info.joinpath("entry_points.txt").write_text(f"[evalyard.evaluators]\nsame = {module}:same\n")
    if source:
        site.joinpath(f"{module}.py").write_text(source)
    return site


def _environment(folder: Path) -> Environment:
    environment = Environment(folder)
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    lend(environment)
    _laid_down(environment.site, "bench-plugin", SOURCE)
    return environment


async def _overhead(place: _Place) -> tuple[float, float]:
    """Return microseconds for a single score, and for one of a batch."""
    host, threads = PluginHost(place.rules), Threads(4)
    await host.refresh()
    assert host.where(KEY) == place.name, host.where(KEY)
    snapshot = EvaluatorSnapshot(
        evaluator_id="e",
        name="same",
        version=1,
        plugin=KEY,
        plugin_version="1.0",
        config={},
        config_hash="",
        mapping=(),
        score_type=ScoreType.BOOLEAN,
    )
    scorer = Scorer(host.evaluator(snapshot), threads, 30)
    text = "Case: how many apples are left? " * 9
    case = {"input": None, "expected": text, "output": text, "metadata": None}
    try:
        single, batch = await _median(scorer, [case]), await _median(scorer, [case] * BATCH)
    finally:
        await host.close()
        threads.shutdown()
    return single, batch / BATCH


async def _median(scorer: Scorer, cases: list[dict[str, object]]) -> float:
    """Return the median microseconds of scoring cases; the first round, which starts things, does not count."""
    seconds = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        scores = await scorer.score(cases)
        seconds.append(time.perf_counter() - begun)
        assert all(score.value is True for score, *_ in scores), scores[0]
        await asyncio.sleep(0)
    return statistics.median(seconds[1:]) * 1e6


def _discovery(folder: Path, console: Console) -> None:
    for number in range(DISTRIBUTIONS):
        _laid_down(folder, f"bench-{number}")
    sys.path.insert(0, str(folder))
    seconds = []
    for _ in range(6):
        begun = time.perf_counter()
        found = discover("evalyard.evaluators")
        seconds.append(time.perf_counter() - begun)
    sys.path.remove(str(folder))
    assert len(found) >= DISTRIBUTIONS, len(found)
    console.print(
        f"Discovery with {DISTRIBUTIONS} distributions of plugins: {seconds[0] * 1000:,.0f} ms the first time, "
        f"{statistics.median(seconds[1:]) * 1000:,.0f} ms then."
    )

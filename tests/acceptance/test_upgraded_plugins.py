"""A package of plugins that is upgraded while its workers run."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from evalyard_core.domain.plugins import Worker
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.evaluators import Trial
from evalyard_core.storage import Store
from tests.support.room import Mailbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGHUP")

SOURCE = '''
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.CATEGORICAL)
def grade(*, output: str) -> str:
    """Tell which release this is."""
    return "{version}"
'''


def release(site: Path, version: str) -> None:
    """Install a version in the place of what is there, as far as Python can tell."""
    shutil.rmtree(site, ignore_errors=True)
    info = site / f"acme_grader-{version}.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: acme-grader\nVersion: {version}\n")
    info.joinpath("entry_points.txt").write_text("[evalyard.evaluators]\ngrade = acme_grader:grade\n")
    site.joinpath("acme_grader.py").write_text(SOURCE.format(version=version))


@pytest.fixture
async def store(mongodb_url: str, database_name: str) -> AsyncIterator[Store]:
    store = await Store.open(mongodb_url, database_name)
    yield store
    await store.close()


@pytest.fixture(params=[True, False], ids=["in the worker", "in a process"])
def trusted(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
async def worker(
    store: Store, mongodb_url: str, broker_url: str, database_name: str, tmp_path: Path, trusted: bool
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker with two processes, beside which the first release is installed."""
    release(tmp_path / "site", "1.0")
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "evalyard.cli", "worker", "--processes", "2"),
        env={
            **os.environ,
            "EVALYARD_MONGODB_URL": mongodb_url,
            "EVALYARD_BROKER_URL": broker_url,
            "EVALYARD_DATABASE": database_name,
            "EVALYARD_DATA": str(tmp_path / "data"),
            "EVALYARD_TRUSTED_PLUGINS": "acme-grader" if trusted else "",
            "PYTHONPATH": str(tmp_path / "site"),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    yield worker
    os.killpg(worker.pid, signal.SIGKILL)
    await worker.wait()


async def workers_when(store: Store, condition: Callable[[list[Worker]], bool]) -> list[Worker]:
    """Wait until the live workers fulfil a condition."""
    async with asyncio.timeout(60):
        while not condition(workers := await store.workers.live()):
            await asyncio.sleep(0.05)
    return workers


def versions(workers: list[Worker]) -> list[str]:
    return [plugin.version for one in workers for plugin in one.evaluators if plugin.key == "acme-grader/grade"]


async def test_it_is_taken_up_and_scores_name_the_version_that_made_them(
    store: Store, worker: asyncio.subprocess.Process, tmp_path: Path, trusted: bool
) -> None:
    services = Services(store, Mailbox())
    project = await services.projects.create(actor=ANYONE, name="upgrades")
    before = await workers_when(store, lambda workers: versions(workers) == ["1.0", "1.0"])
    first = await services.evaluators.try_out(
        actor=ANYONE, trial=Trial(project_id=project.id, plugin="acme-grader/grade", output="a")
    )

    release(tmp_path / "site", "2.0")
    await services.library.refresh(actor=ANYONE)
    after = await workers_when(store, lambda workers: versions(workers) == ["2.0", "2.0"])
    second = await services.evaluators.try_out(
        actor=ANYONE, trial=Trial(project_id=project.id, plugin="acme-grader/grade", output="a")
    )

    assert [(score.value, score.plugin_version) for score in (*first, *second)] == [("1.0", "1.0"), ("2.0", "2.0")]
    # What the worker has imported can't be exchanged; what runs in a process of its own is there at once.
    assert len({one.process for one in before} & {one.process for one in after}) == (0 if trusted else 2)
    assert worker.returncode is None

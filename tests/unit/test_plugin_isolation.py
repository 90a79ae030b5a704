"""Which evaluators run in a process of their own, and what such a process costs nobody else."""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from evalyard_core.domain.records import Score
from evalyard_workers.plugins import isolated
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.remote import RemoteEvaluator
from evalyard_workers.plugins.rules import FIRST_PARTY, PluginRules
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads
from tests.fixtures.installed import SOURCE, Site, shown, snapshot
from tests.support.evaluators import context

PLUGINS = Path(__file__).parents[2] / "plugins"

#: Evaluators that tell which process they run in; one takes all the memory that there is, and keeps it.
TELLING = '''
import os
from evalyard import ScoreType, evaluator

held = []

@evaluator(score_type=ScoreType.NUMERIC)
def first(*, output: str) -> int:
    """Tell the process."""
    return os.getpid()

@evaluator(score_type=ScoreType.NUMERIC)
def second(*, output: str) -> int:
    """Tell the process."""
    return os.getpid()

@evaluator(score_type=ScoreType.NUMERIC)
def greedy(*, output: str) -> int:
    """Keep all the memory."""
    while output == "now":
        held.append(bytes(16 * 1024 * 1024))
    return os.getpid()
'''


async def score(host: PluginHost, key: str, output: str = "", score_type: str = "NUMERIC") -> Score:
    """Return what an evaluator says of an output."""
    with Threads(1) as threads:
        scorer = Scorer(host.evaluator(snapshot(key, score_type)), threads, 10)
        ((made,),) = await scorer.score([context(output)])
        return made


def is_alive(process: float) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    return True


def test_the_first_party_are_the_evaluators_of_this_repository():
    projects = [tomllib.loads(file.read_text())["project"] for file in sorted(PLUGINS.glob("*/pyproject.toml"))]
    offering = [one["name"] for one in projects if "evalyard.evaluators" in one.get("entry-points", {})]

    assert list(FIRST_PARTY) == offering


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ({}, "in a process"),
        ({"trusted": ("acme-*",)}, "in the worker"),
        ({"trusted": ("evalyard-acme/brief",)}, "in a process"),
        ({"trusted": ("*",), "isolated": ("Acme-One/brief",)}, "in a process"),
    ],
)
async def test_a_strangers_evaluator_runs_in_a_process_unless_it_is_trusted(
    site: Site, hosts: Any, rules: dict[str, Any], where: str
) -> None:
    site.install("acme-one")
    host = await hosts(**rules)

    assert host.where("acme-one/brief") == where
    assert isinstance(host.evaluator(snapshot("acme-one/brief")).live, RemoteEvaluator) == (where == "in a process")
    assert (await score(host, "acme-one/brief", "a", "BOOLEAN")).value is True


async def test_a_name_makes_nobody_first_party(site: Site, hosts: Any) -> None:
    site.install("evalyard-textual")
    host = await hosts(isolated=("evalyard-text/regex",))

    assert host.where("evalyard-textual/brief") == "in a process"
    assert host.where("evalyard-text/exact_match") == "in the worker"
    assert host.where("evalyard-text/regex") == "in a process"


async def test_a_plugin_asks_for_a_process_itself(site: Site, hosts: Any) -> None:
    site.install("acme-one", source=SOURCE.replace("config=Limit)", 'config=Limit, isolation="process")'))
    site.install("acme-two")
    host = await hosts(trusted=("acme-*",))

    assert isinstance(host.evaluator(snapshot("acme-one/brief")).live, RemoteEvaluator)
    assert not isinstance(host.evaluator(snapshot("acme-two/brief")).live, RemoteEvaluator)
    assert [host.where(f"acme-{name}/brief") for name in ("one", "two")] == ["in a process", "in the worker"]


async def test_evaluators_share_a_process_only_where_there_is_no_place_for_another(site: Site, hosts: Any) -> None:
    site.install("acme-one", source=TELLING, evaluators=("first", "second"))
    roomy, narrow = await hosts(), await hosts(processes=1)

    pids = [(await score(roomy, f"acme-one/{name}")).value for name in ("first", "second", "first")]
    shared = [(await score(narrow, f"acme-one/{name}")).value for name in ("first", "second")]

    assert pids[0] == pids[2]
    assert len({*pids, *shared}) == 3
    assert shared[0] == shared[1]


async def test_there_are_no_more_processes_than_an_operator_wants(site: Site, hosts: Any) -> None:
    for name in ("acme-one", "acme-two", "acme-three"):
        site.install(name, source=TELLING, evaluators=("first",))
    host = await hosts(processes=2)

    one, two, three = [(await score(host, f"acme-{name}/first")).value for name in ("one", "two", "three")]
    again = (await score(host, "acme-two/first")).value

    assert [is_alive(process) for process in (one, two, three)] == [False, True, True]
    assert again == two
    await host.close()
    assert [is_alive(process) for process in (two, three)] == [False, False]


async def test_what_ran_out_of_memory_is_not_used_again(site: Site, hosts: Any) -> None:
    site.install("acme-one", source=TELLING, evaluators=("greedy",))
    host = await hosts(memory_bytes=1024**3)

    before = await score(host, "acme-one/greedy")
    greedy = await score(host, "acme-one/greedy", "now")
    after = await score(host, "acme-one/greedy")

    assert greedy.error is not None
    assert greedy.error.code == "OUT_OF_MEMORY"
    assert after.value not in {None, before.value}


YIELDING = '''
import os
from pathlib import Path
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.CATEGORICAL)
def brief(*, output: str) -> str:
    """Tell whom the kernel lets go before this process, and what it has been told."""
    told = [name for name in os.environ if name.startswith("EVALYARD_")]
    return f"{os.nice(0)} {Path('/proc/self/oom_score_adj').read_text().strip()} {os.environ['OMP_NUM_THREADS']} {told}"
'''


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
async def test_its_process_gives_way_to_the_worker_and_knows_its_secrets_only(
    site: Site, hosts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("EVALYARD_SECRET_KEY", "for evaluators")
    monkeypatch.setenv("EVALYARD_MONGODB_URL", "mongodb://worker:password@127.0.0.1")
    site.install("acme-one", source=YIELDING)

    made = await score(await hosts(), "acme-one/brief", score_type="CATEGORICAL")

    assert made.value == f"{min(19, os.nice(0) + 5)} 1000 1 ['EVALYARD_SECRET_KEY']"


async def test_an_import_that_hangs_holds_nobody_up(site: Site, hosts: Any) -> None:
    host = await hosts()
    site.install("acme-one", source="import threading\nthreading.Event().wait()")
    site.install("acme-two")

    await host.refresh(patience_seconds=0.0)
    while shown(host)["acme-two/brief"].problem is not None:
        await host.news.wait()
        host.news.clear()

    hanging = "acme-one/brief is still being loaded: look again in a minute."
    assert shown(host)["acme-one/brief"].problem == hanging
    assert (await score(host, "acme-two/brief", "a", "BOOLEAN")).value is True


async def test_where_one_import_hung_the_next_ones_get_less_time(
    site: Site, hosts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "_DESCRIBE_SECONDS", 0.2)
    monkeypatch.setattr(isolated, "_DESCRIBE_NEXT_SECONDS", 0.1)
    site.install("acme-one", source="import threading\nthreading.Event().wait()", evaluators=("first", "second"))

    problems = [plugin.problem for plugin in shown(await hosts()).values()]

    assert problems == [
        f"acme-one/{told}: report it to its authors, or uninstall it."
        for told in ("first was not loaded within 0.2 s", "second was not loaded within 0.1 s")
    ]


def test_what_is_known_of_evaluators_that_hung_stays_bounded(site: Site) -> None:
    site.install("acme-one")
    host = PluginHost(PluginRules())
    troubles = host._troubles
    troubles.of("acme-one/brief", "1.0", "first").note(hung_here=True)
    kept = troubles.of("acme-one/brief", "1.0", "second")

    for number in range(998):
        troubles.of("acme-two/brief", "1.0", str(number))
    assert troubles.has_hung_here("acme-one/brief")
    assert troubles.of("acme-one/brief", "1.0", "second") is kept
    troubles.of("acme-two/brief", "1.0", "another")
    assert not troubles.has_hung_here("acme-one/brief")
    assert troubles.of("acme-one/brief", "1.0", "second") is kept


UPGRADED = '''
import acme_words
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.CATEGORICAL)
def brief(*, output: str) -> str:
    """Tell which library there is."""
    return acme_words.RELEASE
'''


async def test_an_upgrade_of_what_a_plugin_needs_is_taken_up(site: Site, hosts: Any) -> None:
    site.install("acme-words", "1.0", source="RELEASE = 'first'", evaluators=())
    site.install("acme-one", source=UPGRADED, needs="Acme_Words>=1")
    elsewhere, here = await hosts(), await hosts(trusted=("acme-one",))
    before = [(await score(host, "acme-one/brief", score_type="CATEGORICAL")).value for host in (elsewhere, here)]

    site.install("acme-words", "2.0", source="RELEASE = 'second'", evaluators=())
    site.install("acme-other", "1.0")
    await elsewhere.refresh()
    await here.refresh()
    after = [(await score(host, "acme-one/brief", score_type="CATEGORICAL")).value for host in (elsewhere, here)]

    assert before == ["first", "first"]
    assert after == ["second", "first"]
    # What this process has imported can't be exchanged: it asks to be replaced.
    assert (elsewhere.outdated, here.outdated) == (frozenset(), {"acme-one"})

"""Children that start together, come back when they die, and stop in order. The children here are tiny stand-ins."""

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from evalyard_server.embedded.process import Child, ChildSpec, Stage
from evalyard_server.start_error import StartError
from evalyard_server.supervisor import BackOff, Supervisor, cause_of

# Writes "NAME PID" at its start and "NAME stopped" at its end into the file that it is told of.
WITNESS = """
import os, signal, sys, threading
name, file, manner = sys.argv[1:]
def note(word):
    with open(file, "a") as out:
        out.write(f"{name} {word}\\n")
def end(*_):
    if manner == "stubborn":
        return note("refused")
    note("stopped")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
note(os.getpid())
if manner == "short":
    sys.exit("told to fail")
while True:
    signal.pause()
"""


class Journal:
    """What the children wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def pids(self, name: str) -> list[int]:
        words = [line.rsplit(" ", 1) for line in self.lines()]
        return [int(word) for who, word in words if who == name and word.isdigit()]

    def ends(self) -> list[str]:
        return [line for line in self.lines() if line.endswith(("stopped", "refused"))]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def make_spec(journal: Journal, tmp_path: Path) -> Callable[..., ChildSpec]:
    def spec(name: str, stage: Stage = Stage.WORKER, manner: str = "", **changes: object) -> ChildSpec:
        log = tmp_path / f"{name}.log"
        wanted = {
            "name": name,
            "stage": stage,
            "command": [sys.executable, "-c", WITNESS, name, str(journal.path), manner],
            "settle": lambda: until(lambda: bool(journal.pids(name)) and is_alive(journal.pids(name)[-1])),
            "explain": lambda exit_code, output: f"{name} ended with {exit_code}: {output.strip()}",
            "log": log,
        }
        return ChildSpec(**{**wanted, **changes})

    return spec


@pytest.fixture
async def supervisor():
    warnings: list[str] = []
    supervisor = Supervisor(warnings.append, BackOff(first_seconds=0.01, most_seconds=0.04, steady_seconds=60))
    supervisor.warnings = warnings
    yield supervisor
    supervisor.hurry()
    await supervisor.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a dead one that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_children_stop_in_order_of_their_stages(supervisor, make_spec, journal):
    await supervisor.start([make_spec("database", Stage.DATABASE), make_spec("broker", Stage.BROKER)])
    await supervisor.start([make_spec("api", Stage.API), make_spec("one"), make_spec("two")])
    assert set(supervisor.pids()) == {"database", "broker", "api", "one", "two"}

    await supervisor.stop()

    ends = journal.ends()
    assert ends[0] == "api stopped"
    assert sorted(ends[1:3]) == ["one stopped", "two stopped"]
    assert ends[3:] == ["broker stopped", "database stopped"]
    assert supervisor.pids() == {}


async def test_a_child_that_is_killed_starts_again(supervisor, make_spec, journal):
    settled: list[int] = []

    async def settle() -> None:
        # One that is killed before it has settled has not started, which is another warning.
        await until(lambda: len(journal.pids("one")) > len(settled) and is_alive(journal.pids("one")[-1]))
        settled.append(journal.pids("one")[-1])

    await supervisor.start([make_spec("one", settle=settle), make_spec("two")])
    (other,) = journal.pids("two")

    for deaths in (1, 2, 3, 4):
        os.kill(settled[-1], signal.SIGKILL)
        await until(lambda deaths=deaths: len(settled) == deaths + 1)

    assert journal.pids("two") == [other]
    assert is_alive(journal.pids("one")[-1])
    assert supervisor.warnings == [
        f"one stopped (SIGKILL); it starts again in {delay} s" for delay in ("0.01", "0.02", "0.04", "0.04")
    ]


async def test_a_child_that_ends_by_itself_starts_again(supervisor, make_spec, journal):
    await supervisor.start([make_spec("one", command=[sys.executable, "-c", "pass"], settle=at_once)])

    await until(lambda: len(supervisor.warnings) >= 3)

    assert set(supervisor.warnings[:3]) == {
        f"one stopped (exit code 0); it starts again in {delay} s" for delay in ("0.01", "0.02", "0.04")
    }


async def test_a_first_start_that_fails_stops_the_rest(supervisor, make_spec, journal):
    with pytest.raises(StartError) as refusal:
        await supervisor.start([make_spec("good"), make_spec("bad", manner="short", settle=never)])
    await supervisor.stop()

    assert str(refusal.value) == "bad ended with 1: told to fail"
    assert not any(is_alive(pid) for pid in journal.pids("good") + journal.pids("bad"))


async def test_a_child_that_never_answers_is_given_up(supervisor, make_spec, journal):
    with pytest.raises(StartError, match=r"^mute did not answer within 0 seconds\.$"):
        await supervisor.start([make_spec("mute", settle=never, start_seconds=0.3)])
    await supervisor.stop()

    assert not any(is_alive(pid) for pid in journal.pids("mute"))


async def test_a_later_start_that_fails_is_tried_again(supervisor, make_spec, journal, tmp_path):
    broken = tmp_path / "broken"
    command = [
        sys.executable,
        "-c",
        f"import os\nif os.path.exists({str(broken)!r}): raise SystemExit('broken')\n" + WITNESS,
    ]
    spec = make_spec("one", command=[*command, "one", str(journal.path), ""])
    await supervisor.start([spec])

    broken.touch()
    os.kill(journal.pids("one")[-1], signal.SIGKILL)
    await until(lambda: any("ended with 1: broken" in warning for warning in supervisor.warnings))
    broken.unlink()

    await until(lambda: len(journal.pids("one")) == 2)


async def test_a_stubborn_child_is_killed_after_its_grace(supervisor, make_spec, journal):
    await supervisor.start([make_spec("stubborn", manner="stubborn", grace_seconds=0.2)])

    await supervisor.stop()

    assert journal.ends() == ["stubborn refused"]
    assert not is_alive(journal.pids("stubborn")[0])


async def test_hurry_cuts_a_long_grace(supervisor, make_spec, journal):
    await supervisor.start([make_spec("stubborn", manner="stubborn", grace_seconds=600)])

    stopping = asyncio.create_task(supervisor.stop())
    await until(lambda: journal.ends() == ["stubborn refused"])
    supervisor.hurry()
    await asyncio.wait_for(stopping, timeout=10)

    assert not is_alive(journal.pids("stubborn")[0])


async def test_what_a_killed_child_leaves_behind_is_killed_too(supervisor, make_spec, journal):
    """A worker's main process that is killed outright leaves the processes that it forked."""
    code = f"import os, sys\nos.fork() or sys.argv.__setitem__(1, 'fork')\n{WITNESS}"
    spec = make_spec("one", command=[sys.executable, "-c", code, "one", str(journal.path), ""])
    await supervisor.start([spec])
    await until(lambda: len(journal.pids("fork")) == 1)

    os.kill(journal.pids("one")[0], signal.SIGKILL)
    await until(lambda: len(journal.pids("fork")) == 2)

    await until(lambda: not is_alive(journal.pids("fork")[0]))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
async def test_children_die_with_a_supervisor_that_is_killed(journal):
    code = f"""
        import asyncio, pathlib, sys
        from tests.integration.test_supervisor import WITNESS, at_once
        from evalyard_server.embedded.process import ChildSpec, Stage
        from evalyard_server.supervisor import Supervisor
        async def main():
            command = [sys.executable, "-c", WITNESS, "child", {str(journal.path)!r}, "stubborn"]
            spec = ChildSpec(name="child", stage=Stage.API, command=command, settle=at_once, explain=lambda *_: "")
            await Supervisor(print).start([spec])
            await asyncio.Event().wait()
        asyncio.run(main())
    """
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", textwrap.dedent(code))
    await until(lambda: len(journal.pids("child")) == 1)

    parent.kill()
    await parent.wait()

    await until(lambda: not is_alive(journal.pids("child")[0]))


async def test_a_child_has_a_session_of_its_own(make_spec):
    child = await Child.start(make_spec("one"))
    try:
        await child.settle()
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
    finally:
        assert await child.stop(asyncio.Event()) == 0


def test_back_off_grows_and_stays_bounded():
    back_off = BackOff()

    assert [back_off.after(failures) for failures in (0, 1, 2, 6, 7, 5000)] == [0.25, 0.5, 1.0, 16.0, 30.0, 30.0]


def test_causes():
    assert (cause_of(3), cause_of(-9)) == ("exit code 3", "SIGKILL")


async def at_once() -> None:
    pass


async def never() -> None:
    await asyncio.Event().wait()

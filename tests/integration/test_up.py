"""`evalyard up` as a user has it: a process, its stdout, its signals, its exit code."""

import asyncio
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

EVALYARD = [sys.executable, "-P", "-m", "evalyard.cli"]
READY = re.compile(r"Evalyard is ready at (http://127\.0\.0\.1:\d+/graphql)\n")

CHILDREN = {
    "mongod": r"/mongod ",
    "valkey": r"/valkey-server ",
    "api": r" serve ",
    "worker": r" -m dramatiq ",
}


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@dataclass
class Up:
    process: asyncio.subprocess.Process
    data: Path
    log: Path
    ready: str | None = None

    async def url(self) -> str:
        """Wait for the line that says where it is ready."""
        if self.ready is None:
            async with asyncio.timeout(60):
                line = (await self.process.stdout.readline()).decode()
            found = READY.fullmatch(line)
            assert found, line + self.log.read_text()
            self.ready = found[1]
        return self.ready

    def children(self) -> dict[str, int]:
        """Return the process id of each child by its name in CHILDREN."""
        found = {}
        for pid in children_of(self.process.pid):
            command = read(f"/proc/{pid}/cmdline").replace("\0", " ")
            found |= {name: pid for name, pattern in CHILDREN.items() if re.search(pattern, command)}
        return found

    async def worker(self) -> int:
        """Wait until the worker has become Dramatiq's main process, with a process of its own; return its id."""
        await until(lambda: bool(children_of(self.children().get("worker", -1))))
        return self.children()["worker"]

    async def ended(self) -> int:
        async with asyncio.timeout(60):
            return await self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@asynccontextmanager
async def up(data: Path, *options: str, **environment: str) -> AsyncIterator[Up]:
    log = data.with_suffix(".log")
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(*EVALYARD, "up", "--port", "0", "--data", str(data), *options),
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=clean_environment(environment),
        )
    try:
        yield Up(process, data, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def clean_environment(changes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("EVALYARD_")} | changes


def children_of(parent: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if parent_of(pid) == parent]


def family_of(parent: int) -> list[int]:
    """Return the children of a process and theirs."""
    children = children_of(parent)
    return children + [pid for child in children for pid in children_of(child)]


def parent_of(pid: int) -> int | None:
    return int(fields[1]) if (fields := stat_of(pid)) else None


def runs(pid: int) -> bool:
    return bool(fields := stat_of(pid)) and fields[0] != "Z"


def stat_of(pid: int) -> list[str]:
    """Return the fields of a process from its state on; none when there is no such process."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def query(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.post(url, json={"query": "{ __typename }"})


@pytest.fixture(scope="class")
async def shared(tmp_path_factory) -> AsyncIterator[Up]:
    async with up(tmp_path_factory.mktemp("up") / "data", "--workers", "2") as stack:
        await stack.url()
        yield stack
        stack.signal(signal.SIGTERM)
        assert await stack.ended() == 0


@linux
class TestRunning:
    async def test_a_query_succeeds(self, shared):
        assert len(children_of(shared.process.pid)) == 5
        assert (await query(await shared.url())).json() == {"data": {"__typename": "Query"}}

    async def test_every_part_comes_back_where_it_was(self, shared):
        await shared.worker()
        before = shared.children()
        assert before.keys() == CHILDREN.keys()
        for name, pid in before.items():
            os.kill(pid, signal.SIGKILL)
            await until(lambda name=name, pid=pid: shared.children().get(name, pid) != pid)
            # Callers wait in the API's queue while it starts again: none is turned away.
            assert (await query(await shared.url())).json() == {"data": {"__typename": "Query"}}

        deaths = [line for line in shared.log.read_text().splitlines() if line.endswith("it starts again in 0.25 s")]
        assert sorted(deaths)[:3] == [
            f"evalyard: {name} stopped (SIGKILL); it starts again in 0.25 s"
            for name in ("the API", "the broker", "the database")
        ]
        assert re.fullmatch(r"evalyard: worker [12] stopped \(SIGKILL\); it starts again in 0\.25 s", max(deaths))

    async def test_its_data_folder_is_in_use(self, shared):
        assert refused("up", "--port", "0", "--data", str(shared.data)) == (
            f"The data folder {shared.data} is in use by process {shared.process.pid}: "
            "stop it, or name another folder with --data."
        )


@linux
class TestEnding:
    @pytest.fixture
    async def stack(self, tmp_path, mongodb_url, broker_url, database_name) -> AsyncIterator[Up]:
        servers = {"EVALYARD_MONGODB_URL": mongodb_url, "EVALYARD_BROKER_URL": broker_url}
        async with up(tmp_path / "data", EVALYARD_DATABASE=database_name, **servers) as stack:
            await stack.url()
            await stack.worker()
            yield stack

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    async def test_a_signal_ends_it_in_peace(self, stack, number):
        assert stack.children().keys() == {"api", "worker"}
        assert not stack.data.exists()
        pids = family_of(stack.process.pid)

        stack.signal(number)

        assert await stack.ended() == 0
        assert await stack.process.stdout.read() == b""
        assert not any(runs(pid) for pid in pids)
        assert "Traceback" not in stack.log.read_text()

    async def test_a_second_signal_hurries(self, stack):
        worker = await stack.worker()
        os.kill(worker, signal.SIGSTOP)  # It would take all of its grace.

        stack.signal(signal.SIGTERM)
        await until(lambda: "api" not in stack.children())
        stack.signal(signal.SIGTERM)

        async with asyncio.timeout(15):
            assert await stack.process.wait() == 0
        assert not runs(worker)


@linux
class TestAbruptEnds:
    async def test_when_it_is_killed_its_children_go_and_the_next_one_starts(self, tmp_path):
        async with up(tmp_path / "data") as stack:
            await stack.url()
            pids = family_of(stack.process.pid)

            stack.signal(signal.SIGKILL)

            await until(lambda: not any(runs(pid) for pid in pids))
        async with up(tmp_path / "data") as stack:
            await stack.url()
            stack.signal(signal.SIGTERM)
            assert await stack.ended() == 0

    async def test_a_signal_while_it_starts(self, tmp_path):
        async with up(tmp_path / "data") as stack:
            await until(lambda: "mongod" in stack.children())
            mongod = stack.children()["mongod"]

            stack.signal(signal.SIGINT)

            assert await stack.ended() == 0
            assert not runs(mongod)


def refused(*arguments: str, **environment: str) -> str:
    """Return the one sentence with which a command refuses."""
    ended = subprocess.run(
        [*EVALYARD, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=clean_environment(environment),
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("evalyard: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.removeprefix("evalyard: ").removesuffix("\n")


async def refused_by_each_command(environment: dict[str, str]) -> set[str]:
    commands = (["up", "--port", "0"], ["serve", "--port", "0"], ["worker"])
    # At the same time, since each waits some seconds for an answer.
    waiting = [asyncio.to_thread(refused, *command, **environment) for command in commands]
    return set(await asyncio.gather(*waiting))


class TestRefusals:
    def test_a_port_in_use(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            sentence = refused("up", "--data", str(tmp_path / "data"), "--port", str(port))

        assert sentence == (
            f"Port {port} of 127.0.0.1 is in use: stop the program that has it, or choose another with --port."
        )
        assert not (tmp_path / "data").exists()

    @pytest.mark.parametrize("command", ["up", "serve"])
    def test_no_keys_on_an_open_address(self, command):
        assert refused(command, "--host", "0.0.0.0", "--auth", "none") == (
            "Without keys (--auth none) Evalyard listens on a loopback address only, and 0.0.0.0 is none: "
            "say --auth keys, or --host 127.0.0.1."
        )

    def test_up_needs_keys_to_be_asked_for_on_an_open_address(self):
        assert refused("up", "--host", "0.0.0.0").startswith("Without keys (--auth none)")

    def test_a_missing_binary(self, tmp_path):
        sentence = refused("up", "--port", "0", "--data", str(tmp_path), EVALYARD_MONGOD=str(tmp_path / "gone"))

        assert sentence == f"EVALYARD_MONGOD is {tmp_path / 'gone'}, which is no program: correct it."

    def test_a_binary_that_lacks_a_library(self, tmp_path):
        broken = tmp_path / "mongod"
        broken.write_text('#!/bin/sh\necho "error while loading shared libraries: libcurl.so.4: no" >&2\nexit 127\n')
        broken.chmod(broken.stat().st_mode | stat.S_IXUSR)

        sentence = refused("up", "--port", "0", "--data", str(tmp_path / "data"), EVALYARD_MONGOD=str(broken))

        assert sentence.startswith(
            f"{broken} can't start because the library libcurl.so.4 is missing: install libcurl4"
        )

    async def test_an_unreachable_database(self, tmp_path):
        environment = {"EVALYARD_MONGODB_URL": "mongodb://me:secret@127.0.0.1:1/", "EVALYARD_DATA": str(tmp_path)}

        assert await refused_by_each_command(environment) == {
            "No primary of MongoDB answers at 127.0.0.1:1: start it, or correct EVALYARD_MONGODB_URL."
        }

    async def test_an_unreachable_broker(self, tmp_path, mongodb_url):
        environment = {"EVALYARD_BROKER_URL": "redis://:secret@127.0.0.1:1/0", "EVALYARD_DATA": str(tmp_path)}

        assert await refused_by_each_command({"EVALYARD_MONGODB_URL": mongodb_url, **environment}) == {
            "The broker at 127.0.0.1:1 does not answer: start it, or correct EVALYARD_BROKER_URL."
        }

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("EVALYARD_PORT", "many", "EVALYARD_PORT is 'many': Input should be a valid integer, unable to parse"),
            (
                "EVALYARD_MONGODB_URL",
                "mysql://x",
                "EVALYARD_MONGODB_URL is not the URL of a MongoDB: Invalid URI scheme",
            ),
            ("EVALYARD_BROKER_URL", "http://x", "EVALYARD_BROKER_URL begins with none of redis://, rediss:// and amqp"),
            (
                "EVALYARD_TARGET_ALLOWED_NETWORKS",
                "10.0.0.1/8",
                "EVALYARD_TARGET_ALLOWED_NETWORKS is '10.0.0.1/8': '10.0.0.1/8' is no network such as 10.0.0.0/8, ",
            ),
            ("EVALYARD_HOST", "no.such.invalid", "no.such.invalid is no address of this machine: correct --host."),
        ],
    )
    def test_a_setting_that_can_not_be(self, name, value, sentence, tmp_path):
        environment = {"EVALYARD_AUTH": "keys", "EVALYARD_PORT": "0", "EVALYARD_DATA": str(tmp_path), name: value}

        assert refused("up", **environment).startswith(sentence)

"""The embedded servers: found, started, killed, moved, refused."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio
from pymongo import AsyncMongoClient

from evalyard_server.embedded.binaries import MONGOD, VALKEY
from evalyard_server.embedded.folder import DataFolder, cut_log, free_port, is_free
from evalyard_server.embedded.mongod import mongod_spec, mongodb_url
from evalyard_server.embedded.process import Child, ChildSpec
from evalyard_server.embedded.valkey import valkey_spec, valkey_url
from evalyard_server.start_error import StartError


@pytest.fixture
def folder(tmp_path: Path):
    folder = DataFolder.lock(tmp_path / "data")
    yield folder
    folder.close()


@asynccontextmanager
async def running(spec: ChildSpec) -> AsyncIterator[Child]:
    child = await Child.start(spec)
    try:
        await child.settle()
        yield child
    finally:
        await child.stop(asyncio.Event())


async def start_and_stop(spec: ChildSpec) -> None:
    async with running(spec):
        pass


async def kill(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class TestBinaries:
    def test_a_setting_comes_first(self, tmp_path):
        chosen = script(tmp_path / "chosen", "exit 0")

        assert MONGOD.find(chosen) == chosen

    def test_then_the_path(self, tmp_path, monkeypatch):
        other = script(tmp_path / "redis-server", "exit 0")
        monkeypatch.setenv("PATH", str(tmp_path))

        assert VALKEY.find(None) == other

    @pytest.mark.parametrize(
        ("program", "end"),
        [(MONGOD, "fiftyone/db/bin/mongod"), (VALKEY, "valkey-server")],
    )
    def test_then_a_wheel(self, program, end, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))

        found = program.find(None)

        assert str(found).endswith(end)
        assert subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0

    def test_none_at_all(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("importlib.metadata.files", lambda _: None)

        with pytest.raises(StartError) as refusal:
            MONGOD.find(None)

        assert str(refusal.value) == (
            'No mongod was found: pip install "evalyard-server[embedded]", put one on PATH, or name another in '
            "EVALYARD_MONGOD, or a running server in EVALYARD_MONGODB_URL (docker compose starts one)."
        )

    def test_a_setting_that_names_no_program(self, tmp_path):
        with pytest.raises(StartError, match=r"^EVALYARD_VALKEY is .*gone, which is no program: correct it\.$"):
            VALKEY.find(tmp_path / "gone")

    @pytest.mark.parametrize(
        ("exit_code", "words", "reason"),
        [
            (
                127,
                "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file",
                "because the library libcurl.so.4 is missing: install libcurl4 with the system's package manager, or",
            ),
            (127, "error while loading shared libraries: libodd.so.1: gone", "libodd.so.1 is missing: install it, or"),
            (1, "libc.so.6: version `GLIBC_2.34' not found", "because this system is older than GLIBC_2.34: name"),
            (-4, "", "because this processor lacks an instruction that it needs: name"),
            (9, "first\nsecond\n", "stopped at once with exit code 9 (second): name"),
        ],
    )
    def test_why_a_binary_ended(self, exit_code, words, reason):
        sentence = MONGOD.explain(Path("/opt/mongod"), exit_code, words)

        assert sentence.startswith("/opt/mongod ")
        assert reason in sentence
        assert sentence.endswith("or a running server in EVALYARD_MONGODB_URL (docker compose starts one).")

    async def test_a_binary_that_lacks_a_library_is_explained_at_start(self, folder, tmp_path):
        broken = script(
            tmp_path / "mongod", 'echo "error while loading shared libraries: libcurl.so.4: no" >&2; exit 127'
        )

        with pytest.raises(StartError, match=r"libcurl\.so\.4 is missing"):
            await start_and_stop(mongod_spec(folder, free_port(), binary=broken))

    async def test_a_file_that_no_system_can_run(self, folder, tmp_path):
        garbage = tmp_path / "mongod"
        garbage.write_bytes(b"\x00garbage")
        garbage.chmod(0o700)

        with pytest.raises(StartError, match=r"mongod can't be run \(Exec format error\): install it anew\.$"):
            await Child.start(mongod_spec(folder, free_port(), binary=garbage))


class TestFolder:
    def test_only_one_process_owns_it(self, folder):
        with pytest.raises(StartError) as refusal:
            DataFolder.lock(folder.path)

        assert str(refusal.value) == (
            f"The data folder {folder.path} is in use by process {os.getpid()}: "
            "stop it, or name another folder with --data."
        )

    def test_a_killed_owner_leaves_it_free(self, tmp_path):
        code = (
            "import os, pathlib, signal; from evalyard_server.embedded.folder import DataFolder\n"
            f"f = DataFolder.lock(pathlib.Path({str(tmp_path)!r})); os.kill(os.getpid(), signal.SIGKILL)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL

        DataFolder.lock(tmp_path).close()

    def test_a_path_that_is_no_folder(self, tmp_path):
        (tmp_path / "file").touch()

        with pytest.raises(StartError, match=r"file can't be used: File exists\. Name another: --data\.$"):
            DataFolder.lock(tmp_path / "file")

    def test_ports_stay_the_same_until_they_are_taken(self, folder):
        first = folder.port("mongodb")
        assert folder.port("valkey") != first
        assert folder.port("mongodb") == first

        with socket.create_server(("127.0.0.1", first)):
            assert not is_free(first)
            second = folder.port("mongodb")

        assert second != first
        assert folder.port("mongodb") == second

    def test_logs_are_bounded(self, tmp_path):
        log = tmp_path / "mongod.log"
        with log.open("ab") as writer:
            writer.write(b"x" * 5_000_000)
            writer.flush()
            cut_log(log)
            writer.write(b"after")
            writer.flush()
            cut_log(log)

        assert log.read_bytes() == b"after"
        assert (tmp_path / "mongod.log.1").stat().st_size == 5_000_000


class TestMongod:
    async def test_it_is_a_primary_with_transactions_and_change_streams(self, folder):
        port = folder.port("mongodb")
        async with running(mongod_spec(folder, port)), AsyncMongoClient(mongodb_url(port)) as client:
            hello = await client.admin.command("hello")
            assert (hello["setName"], hello["hosts"], hello["isWritablePrimary"]) == (
                "rs0",
                [f"127.0.0.1:{port}"],
                True,
            )
            async with await client.shop.things.watch() as stream, client.start_session() as session:
                async with await session.start_transaction():
                    await client.shop.things.insert_one({"_id": 7}, session=session)
                change = await stream.next()

        assert change["documentKey"] == {"_id": 7}

    async def test_nothing_is_lost_when_it_is_killed(self, folder):
        port = folder.port("mongodb")
        async with running(mongod_spec(folder, port)) as child:
            async with AsyncMongoClient(mongodb_url(port)) as client:
                await client.shop.things.insert_many([{"_id": number} for number in range(1000)])
            await kill(child)
        async with running(mongod_spec(folder, port)), AsyncMongoClient(mongodb_url(port)) as client:
            assert await client.shop.things.count_documents({}) == 1000

    async def test_data_moves_to_another_port(self, folder):
        first, second = free_port(), free_port()
        async with running(mongod_spec(folder, first)), AsyncMongoClient(mongodb_url(first)) as client:
            await client.shop.things.insert_one({"_id": 1})
        async with running(mongod_spec(folder, second)), AsyncMongoClient(mongodb_url(second)) as client:
            assert await client.shop.things.count_documents({}) == 1
            assert (await client.admin.command("hello"))["me"] == f"127.0.0.1:{second}"

    async def test_data_that_another_mongod_uses(self, folder):
        async with running(mongod_spec(folder, free_port())):
            with pytest.raises(StartError, match=r"^Another mongod uses .*/mongodb: stop it, or name another folder"):
                await start_and_stop(mongod_spec(folder, free_port()))

    async def test_a_port_that_is_taken(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            spec = mongod_spec(folder, taken.getsockname()[1])
            with pytest.raises(StartError, match=r"mongod can't start: .*in use.* Its log is .*mongod\.log\.$"):
                await start_and_stop(spec)


class TestValkey:
    async def test_nothing_is_lost_when_it_is_killed(self, folder):
        port = folder.port("valkey")
        async with running(valkey_spec(folder, port)) as child, redis.asyncio.from_url(valkey_url(port)) as client:
            for number in range(100):
                await client.rpush("queue", number)
            await kill(child)
        async with running(valkey_spec(folder, port)), redis.asyncio.from_url(valkey_url(port)) as client:
            assert await client.llen("queue") == 100

    async def test_a_port_that_is_taken(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            spec = valkey_spec(folder, taken.getsockname()[1])
            with pytest.raises(
                StartError, match=r"valkey-server stopped at once with exit code 1 \(.*Failed listening on port.*\)"
            ):
                await start_and_stop(spec)

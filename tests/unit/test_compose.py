"""docker-compose.yml and Dockerfile, as far as they can be held without a Docker engine.

The Compose specification's JSON Schema comes from the package check-jsonschema (Apache-2.0), which carries a copy of
compose-spec/compose-go's schema/compose-spec.json (Apache-2.0).
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from evalyard_core.settings import Settings
from evalyard_server.worker_process import SHUTDOWN_MILLISECONDS

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())


@pytest.fixture(scope="module")
def services(compose) -> dict[str, Any]:
    return compose["services"]


def check(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_is_what_the_compose_specification_says():
    checked = check(COMPOSE)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_schema_refuses_what_is_none_of_compose(compose, tmp_path):
    broken = {**compose, "services": {"api": {"image": "evalyard", "helthcheck": {}}}}
    (tmp_path / "broken.yml").write_text(json.dumps(broken))

    checked = check(tmp_path / "broken.yml")

    assert checked.returncode == 1
    assert "helthcheck" in checked.stdout


def test_its_parts(compose, services):
    assert set(services) == {"gateway", "api", "worker", "mongodb", "valkey"}
    assert services["mongodb"]["image"] == "mongo:8"
    assert services["mongodb"]["command"][1:3] == ["--replSet", "rs0"]
    assert "rs.initiate" in services["mongodb"]["healthcheck"]["test"][-1]
    assert services["valkey"]["command"][1:3] == ["--appendonly", "yes"]
    assert set(compose["volumes"]) == {"mongodb", "mongodb-config", "valkey", "plugins"}


@pytest.mark.parametrize("name", ["api", "worker", "mongodb", "valkey"])
def test_each_part_is_watched(services, name):
    assert services[name]["healthcheck"]["test"][0] == "CMD"
    assert services[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["api", "worker"])
def test_any_number_of_containers_can_run(services, name):
    """A name or a port of the host could be had by one container only."""
    assert not {"container_name", "ports"} & services[name].keys()


def test_only_the_gateway_can_be_reached_from_outside(services):
    assert [name for name, service in services.items() if "ports" in service] == ["gateway"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_keys_are_on_and_each_variable_is_a_setting(services, name):
    environment = services[name]["environment"]

    assert environment["EVALYARD_AUTH"] == "keys"
    assert {variable.removeprefix("EVALYARD_").lower() for variable in environment} <= Settings.model_fields.keys()


def test_a_worker_may_stop_slower_than_dramatiq_does(services):
    assert int(services["worker"]["stop_grace_period"].rstrip("s")) * 1000 > SHUTDOWN_MILLISECONDS


def test_the_image_runs_as_nobody_in_particular_and_brings_no_database():
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.13-slim"] * 2
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE) == ["10001"]
    assert "embedded" not in dockerfile


def test_what_is_installed_in_isolation_outlives_the_container(compose, services):
    """A fresh volume takes the owner of the folder that the image has in its place."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    (data,) = re.findall(r"EVALYARD_DATA=(\S+)", dockerfile)
    made = re.search(rf"install --directory --owner=(\d+) --mode=0700 {data}$", dockerfile, re.MULTILINE)
    (volume, folder), *others = [entry.split(":") for entry in services["worker"]["volumes"]]

    assert (folder, others) == (data, [])
    assert volume in compose["volumes"]
    assert made is not None
    assert f"USER {made[1]}\n" in dockerfile
    assert services["worker"]["read_only"] is True
    assert "volumes" not in services["api"]


def test_the_image_gets_every_source_root():
    """A source root that the Dockerfile or .dockerignore forgets is missing from the wheel."""
    dockerfile, ignored = (ROOT / "Dockerfile").read_text(), (ROOT / ".dockerignore").read_text()
    wheel = re.search(r"packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    roots = {package.split("/")[0] for package in re.findall(r'"([^"]+)"', wheel[1])} | {"plugins"}

    assert roots == {"core", "schema", "server", "workers", "plugins"}
    for root in roots:
        assert f"COPY {root} {root}\n" in dockerfile
        assert f"!{root}\n" in ignored


def test_constraints_name_versions_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert len(lines) > 50
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []

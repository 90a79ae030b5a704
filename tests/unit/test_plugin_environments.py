"""Environments of isolated plugins, and the versions of what a distribution needs."""

import venv
from pathlib import Path
from typing import Any

import pytest

from evalyard_workers.plugins.environments import Environment
from evalyard_workers.plugins.versions import Installed
from tests.fixtures.installed import SOURCE, Site, shown


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Return an environment for `acme-own`, as `evalyard plugins install --isolated` makes it."""
    made = Environment(tmp_path / "plugins" / "acme-own")
    venv.EnvBuilder(symlinks=True, with_pip=False).create(made.folder)
    Site(made.site).install("acme-own", what="its own", needs="evalyard-text")
    return made


async def test_it_offers_its_own_distribution_and_nothing_that_this_needs(environment: Environment, hosts: Any) -> None:
    Site(environment.site).install("evalyard-text", "9.0", evaluators=("exact_match",))
    host = await hosts(folder=environment.folder.parent)

    assert {key: plugin.summary for key, plugin in shown(host).items()} == {
        "acme-own/brief": "Check that a text is its own."
    }
    assert host.where("acme-own/brief") == "in its own environment"
    assert host.where("evalyard-text/exact_match") == "in the worker"


async def test_without_its_python_it_says_what_to_do(environment: Environment, hosts: Any) -> None:
    environment.python.unlink()
    host = await hosts(folder=environment.folder.parent)

    assert shown(host)["acme-own/brief"].problem == (
        "The process of acme-own can't start: No such file or directory. Install it again."
    )


async def test_an_upgrade_of_what_it_needs_has_it_described_anew(environment: Environment, hosts: Any) -> None:
    site = Site(environment.site)
    site.install("acme-own", source="from acme_words import brief", needs="acme-words")

    site.install("acme-words", "1.0", source=SOURCE, what="short", evaluators=())
    host = await hosts(folder=environment.folder.parent)
    before = shown(host)["acme-own/brief"].summary

    site.install("acme-words", "1.1", source=SOURCE, what="shorter", evaluators=())
    await host.refresh()

    assert (before, shown(host)["acme-own/brief"].summary) == (
        "Check that a text is short.",
        "Check that a text is shorter.",
    )


def test_what_a_distribution_needs_is_all_that_applies_here(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme-top", "1.0", needs="Acme.Middle[extra]>=1")
    site.install("acme-middle", "1.1", needs="acme-low\nRequires-Dist: acme-extra; extra == 'extra'")
    site.install("acme-low", "1.2", needs="acme-top\nRequires-Dist: acme-old; python_version < '3'")
    site.install("acme-extra", "1.3", needs="acme-nowhere\nRequires-Dist: !!")
    site.install("acme-old", "1.4")

    assert Installed([str(tmp_path)]).versions("acme_top") == {
        ("acme-top", "1.0"),
        ("acme-middle", "1.1"),
        ("acme-low", "1.2"),
        ("acme-extra", "1.3"),
    }
    assert Installed([str(tmp_path)]).versions("acme-nowhere") == frozenset()

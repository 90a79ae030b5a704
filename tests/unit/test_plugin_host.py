"""What a worker takes of what is installed: lists of operators, one name twice, upgrades."""

import sys
from pathlib import Path
from typing import Any

import pytest

from evalyard_core.settings import Settings
from evalyard_workers.plugins.refusals import ConfigRefused, PluginUnavailable
from evalyard_workers.plugins.rules import PluginRules
from tests.fixtures.installed import Site, shown, snapshot


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"denied": ("acme-*",)}, "EVALYARD_DENIED_PLUGINS names acme-*"),
        ({"denied": ("acme-one/brief",), "allowed": ("*",)}, "EVALYARD_DENIED_PLUGINS names acme-one/brief"),
        ({"allowed": ("evalyard-text", "acme-two")}, "EVALYARD_ALLOWED_PLUGINS does not name it"),
        ({"denied": ("Acme-One",), "isolated": ("acme-*",)}, "EVALYARD_DENIED_PLUGINS names Acme-One"),
    ],
)
async def test_what_may_not_be_used_is_not_imported_and_says_so(
    site: Site, hosts: Any, rules: dict[str, Any], reason: str
) -> None:
    site.install("acme-one", source="raise RuntimeError('imported')")
    host = await hosts(**rules)

    expected = f"acme-one/brief may not be used here: {reason}. Change that setting, or use another plugin."
    assert shown(host)["acme-one/brief"].problem == expected
    with pytest.raises(PluginUnavailable, match="may not be used here"):
        host.evaluator(snapshot("acme-one/brief"))


def test_the_lists_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVALYARD_ALLOWED_PLUGINS", "acme-*, evalyard-text")
    monkeypatch.setenv("EVALYARD_ISOLATED_PLUGINS", "*")
    monkeypatch.setenv("EVALYARD_TRUSTED_PLUGINS", "acme-one")
    monkeypatch.setenv("EVALYARD_PLUGIN_PROCESSES", "3")
    monkeypatch.setenv("EVALYARD_PLUGIN_MEMORY_MB", "1")
    monkeypatch.setenv("EVALYARD_DATA", str(tmp_path))

    assert PluginRules.of(Settings()) == PluginRules(
        allowed=("acme-*", "evalyard-text"),
        isolated=("*",),
        trusted=("acme-one",),
        memory_bytes=1024**2,
        processes=3,
        folder=tmp_path / "plugins",
    )


async def test_one_name_in_two_distributions_is_two_plugins(site: Site, hosts: Any) -> None:
    site.install("acme-one", what="short")
    site.install("acme-two", what="not long")
    host = await hosts()

    assert {key: plugin.summary for key, plugin in shown(host).items()} == {
        "acme-one/brief": "Check that a text is short.",
        "acme-two/brief": "Check that a text is not long.",
    }


async def test_an_upgrade_waits_for_a_new_process_and_is_never_mistaken_for_the_old_one(site: Site, hosts: Any) -> None:
    site.install("acme-one", "1.0", what="short")
    host = await hosts(trusted=("acme-*",))
    assert host.outdated == frozenset()

    site.install("acme-one", "2.0", what="shorter")
    site.install("acme-two", "1.0")
    await host.refresh()

    assert host.outdated == {"acme-one"}
    assert [(plugin.version, plugin.summary) for plugin in shown(host).values()] == [
        ("1.0", "Check that a text is short."),
        ("1.0", "Check that a text is brief."),
    ]


async def test_where_it_runs_in_a_process_an_upgrade_is_there_at_once(site: Site, hosts: Any) -> None:
    site.install("acme-one", "1.0", what="short")
    host = await hosts()
    before = host.evaluator(snapshot("acme-one/brief"))
    site.install("acme-one", "2.0", what="shorter")
    await host.refresh()
    after = host.evaluator(snapshot("acme-one/brief"))

    assert host.outdated == frozenset()
    assert (before.version, after.version) == ("1.0", "2.0")
    assert shown(host)["acme-one/brief"].summary == "Check that a text is shorter."
    assert "acme_one" not in sys.modules


async def test_an_isolated_config_is_refused_with_the_same_words(site: Site, hosts: Any) -> None:
    site.install("acme-one")
    here, elsewhere = await hosts(trusted=("acme-one",)), await hosts()
    refusals = []
    for host in (here, elsewhere):
        with pytest.raises(ConfigRefused) as refusal:
            await host.check_evaluator("acme-one/brief", {"most": "many"})
        refusals.append((refusal.value.message, refusal.value.path))
        await host.check_evaluator("acme-one/brief", {"most": 4})

    assert refusals[0] == refusals[1]
    assert refusals[0][1] == ".most"
    assert shown(here) == shown(elsewhere)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import os\nos._exit(3)", "acme-one/brief can't be loaded: its process ended with exit code 3."),
        ("import no_such_module", "acme-one 1.0 needs the module no_such_module, which is not installed:"),
    ],
)
async def test_one_that_can_not_be_loaded_elsewhere_is_broken(
    site: Site, hosts: Any, source: str, problem: str
) -> None:
    site.install("acme-one", source=source)
    host = await hosts()

    assert (shown(host)["acme-one/brief"].problem or "").startswith(problem)

"""`evalyard plugins list` and `evalyard plugins test`."""

import json
import sys

import pytest
from typer.testing import CliRunner

from evalyard.cli.plugins import app
from evalyard.testing import CHECKS

SUPPORT = "Requires-Dist: evalyard>=0.1,<0.2\n"
GOOD = '''
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.NUMERIC)
def good(*, output: str) -> int:
    """Count the characters."""
    return len(output)
'''
BAD = GOOD.replace("good", "bad").replace("len(output)", 'output.index("i")')


@pytest.fixture
def run(install):
    install(
        "acme",
        plugins={"good": "acme_good:good", "bad": "acme_bad:bad", "gone": "acme_gone:gone"},
        modules={"acme_good": GOOD, "acme_bad": BAD},
        metadata=SUPPORT,
    )
    return lambda *arguments: CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def test_what_keeps_the_contract_exits_with_0(run):
    done = run("test", "acme/good")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].strip() == "acme/good 1.0"
    assert [line.split("  ")[0].strip() for line in lines[1 : len(CHECKS) + 1]] == list(CHECKS)
    assert "It keeps the contract." in done.stdout


def test_what_breaks_it_exits_with_1_and_tells_what_to_do(run):
    done = run("test", "acme")

    assert done.exit_code == 1
    assert "FAILED   evaluate with case 2: it raised ValueError: substring not found;" in done.stdout
    assert "→ Return what score_type says, for every record." in done.stdout
    assert "1 of 11 checks failed." in done.stdout
    assert "It keeps the contract." in done.stdout


def test_a_machine_reads_json(run):
    done = run("test", "acme/bad", "--json")

    results = {result["check"]: result for result in json.loads(done.stdout)["acme/bad"]}
    assert done.exit_code == 1
    assert list(results) == list(CHECKS)
    assert (results["loads"]["outcome"], results["scores"]["outcome"]) == ("PASSED", "FAILED")


def test_checks_can_be_left_out(run):
    done = run("test", "acme/bad", "--skip", "scores", "--skip", "hostile-values", "--json")

    outcomes = {result["check"]: result["outcome"] for result in json.loads(done.stdout)["acme/bad"]}
    assert (outcomes["scores"], outcomes["hostile values"]) == ("SKIPPED", "SKIPPED")
    refused = run("test", "acme/bad", "--skip", "taste")
    assert refused.exit_code == 2
    assert "There is no check 'taste'; there are: support, loads," in refused.stderr


def test_what_is_not_installed_exits_with_2(run):
    done = run("test", "nowhere")

    assert done.exit_code == 2
    assert "No plugin and no distribution 'nowhere' is installed here; there are: acme/bad, acme/gone" in done.stderr
    assert "pip install -e ." in done.stderr


def test_without_the_packages_that_it_needs_it_names_them(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    monkeypatch.setattr("evalyard.cli.plugins.find_spec", lambda name: None)

    done = run("test")

    assert done.exit_code == 1
    assert done.stderr == ('evalyard: the contract suite needs some more packages: pip install "evalyard[testing]"\n')


def test_the_list_shows_the_health_of_each_and_exits_with_1_for_a_broken_one(run):
    listed = run("list")
    found = {plugin["key"]: plugin for plugin in json.loads(run("list", "--json").stdout)}

    assert listed.exit_code == 1
    assert "BROKEN" in listed.stdout
    assert "AVAILABLE" in listed.stdout
    assert (found["acme/good"]["problem"], found["acme/good"]["summary"]) == (None, "Count the characters.")
    assert found["acme/gone"]["problem"].startswith("acme 1.0 can't be imported from acme_gone:gone")

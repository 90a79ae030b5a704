"""The demo that the project ships: `python examples/demo.py`, in a process of its own, against the real stack."""

import importlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import httpx
import jmespath
import pytest

from evalyard import Skip
from evalyard.plugins import discover, load_evaluator

EXAMPLES = Path(__file__).parents[2] / "examples"
REGRESSED = [f"refund-de-{number}" for number in range(1, 8)]

# What both versions score: the row of the summary table, v1, v2.
FIGURES = {
    "passed / failed / errored": ("24 / 28 / 0", "40 / 12 / 0"),
    "cost": ("$0.004117", "$0.013618"),
    "tokens": ("8,234", "17,022"),
    "intent: passed": ("34 of 52 (65.4%)", "52 of 52 (100.0%)"),
    "amount: passed": ("21 of 43 (48.8%)", "31 of 43 (72.1%)"),
    "amount: skipped": ("9", "9"),
    "wording: passed": ("31 of 52 (59.6%)", "51 of 52 (98.1%)"),
    "wording: mean": ("0.711", "0.936"),
}


@pytest.fixture
def environment():
    """Wide enough that no cell of a table is wrapped."""
    return os.environ | {"COLUMNS": "240", "PYTHONIOENCODING": "utf-8"}


def rows(text: str) -> dict[str, tuple[str, ...]]:
    lines = (re.split(r"\s*[│┃]\s*", line.strip(" │┃")) for line in text.splitlines() if "│" in line)
    return {name: tuple(cells) for name, *cells in lines}


def run(environment, *options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / "demo.py"), "--once", *map(str, options)]
    return subprocess.run(command, check=False, env=environment, capture_output=True, encoding="utf-8", timeout=300)


def test_it_prints_exact_figures_and_regressions_each_time(tmp_path, environment):
    for _ in range(2):
        done = run(environment, "--data", tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        table = rows(done.stdout)
        assert {name: table[name] for name in FIGURES} == FIGURES
        assert table["pass rate (95 % interval)"][0].startswith("46.2% (")
        assert table["pass rate (95 % interval)"][1].startswith("76.9% (")
        assert [name for name in table if name.startswith("refund-")] == REGRESSED
        assert table["refund-de-1"] == (
            "Ich möchte eine Erstattung für den Wasserkocher: 59,90 €, gekauft vor 5 Tagen.",
            "Sie bekommen den vollen Preis zurück: 59.90 EUR.",
            "Sie bekommen den vollen Preis zurück: 5990.00 EUR.",
            "amount",
        )
        assert "23 cases improved, 7 regressed; tags of all that regressed: refund, de." in done.stdout


@pytest.fixture
def kept_demo(tmp_path, environment):
    """The demo as a user starts it; ended, whatever becomes of the test."""
    command = [sys.executable, str(EXAMPLES / "demo.py"), "--data", str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8") as demo:
        yield demo
        demo.terminate()


def test_it_keeps_the_stack_until_it_is_stopped(kept_demo):
    said = "".join(itertools.takewhile("Press Ctrl-C to stop.\n".__ne__, kept_demo.stdout))
    url = re.search(r"API and GraphiQL: (\S+)", said)[1]
    query = said[said.index("\n{\n") :]
    answer = httpx.post(url, json={"query": query}, trust_env=False, timeout=30).json()
    assert answer["data"]["run"]["records"]["totalCount"] == 12
    assert len(answer["data"]["run"]["records"]["edges"]) == 5
    kept_demo.send_signal(signal.SIGINT)
    assert kept_demo.stdout.read() == "Stopped.\n"
    assert kept_demo.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_port_in_use_is_one_sentence(tmp_path, environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(environment, "--data", tmp_path, "--port", port)
    assert done.returncode == 1
    assert done.stderr.startswith("The demo failed. Evalyard did not start: ")
    assert str(port) in done.stderr
    assert done.stderr.count("\n") == 1


def answered(version):
    """What a version of the desk answers to each case, without a server: {input, expected, output} by case."""
    desk = importlib.import_module("support_desk.desk").DESKS[version]
    lines = (EXAMPLES / "support_desk" / "cases.jsonl").read_text("utf-8").splitlines()
    cases = {case["metadata"]["case"]: case for case in map(json.loads, lines)}
    assert len(cases) == len(lines) == 52
    return {
        name: {"expected": case["expectedOutput"], "output": asdict(desk.answer(**case["input"]))}
        for name, case in cases.items()
    }


def scores_of(evaluator, records):
    """Whether each record passes; None where the plugin skips it."""
    plugin_class = load_evaluator({found.key: found for found in discover("evalyard.evaluators")}[evaluator["plugin"]])
    plugin = plugin_class(plugin_class.Config(**evaluator.get("config", {})))
    threshold = evaluator.get("threshold", {"value": True})["value"]
    scores = {}
    for name, record in records.items():
        variables = {each["variable"]: jmespath.search(each["path"], record) for each in evaluator["mapping"]}
        try:
            scores[name] = plugin.evaluate(**variables).value >= threshold
        except Skip:
            scores[name] = None
    return scores


def test_the_figures_are_what_the_plugins_say_of_the_answers(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    evaluators = json.loads((EXAMPLES / "support_desk" / "evaluators.json").read_text("utf-8"))
    passed = []
    for column, version in enumerate(("v1", "v2")):
        records = answered(version)
        failed = set()
        for evaluator in evaluators:
            scores = scores_of(evaluator, records)
            counted = [score for score in scores.values() if score is not None]
            row = FIGURES[f"{evaluator['name']}: passed"][column]
            assert row.startswith(f"{sum(counted)} of {len(counted)} (")
            failed |= {name for name, score in scores.items() if score is False}
        passed.append(set(records) - failed)
    assert [len(names) for names in passed] == [24, 40]
    assert sorted(passed[0] - passed[1]) == REGRESSED
    assert len(passed[1] - passed[0]) == 23

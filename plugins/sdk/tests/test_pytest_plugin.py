"""The contract suite in pytest, as an author's own tests run it."""

import os
import subprocess
import sys

SOURCE = '''
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.NUMERIC)
def bad(*, output: str, expected: str = "") -> int:
    """Count the characters."""
    return len(output)
'''
TESTS = """
import pytest

@pytest.mark.evalyard_plugins("acme", skip=["speed"])
def test_contract(contract_check):
    contract_check()

@pytest.mark.evalyard_plugins("nowhere")
def test_missing(contract_check):
    contract_check()

def test_other():
    pass
"""


def test_each_check_is_a_test_of_its_own(install, tmp_path):
    site = install(
        "acme",
        plugins={"bad": "acme_bad:bad"},
        modules={"acme_bad": SOURCE},
        metadata="Requires-Dist: evalyard>=0.1,<0.2\n",
    )
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_acme.py").write_text(TESTS)
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}

    quiet = ("-p", "no:asyncio", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", *quiet, "--strict-markers", str(tests)],
        env=mine | {"PYTHONPATH": str(site), "COLUMNS": "200"},
        cwd=tests,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 1
    assert "test_acme.py::test_contract[acme/bad: loads] PASSED" in done.stdout
    assert "test_acme.py::test_contract[acme/bad: variables] FAILED" in done.stdout
    assert "acme/bad does not keep the contract: expected is never read.\nRemove it, or use it." in done.stdout
    assert "test_acme.py::test_missing[not installed] FAILED" in done.stdout
    assert "No plugin and no distribution 'nowhere' is installed here" in done.stdout
    assert "[acme/bad: speed]" not in done.stdout
    assert "2 failed, 10 passed" in done.stdout

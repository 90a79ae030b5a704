"""The contract suite in pytest: a test that takes `contract_check` becomes one test a check.

    @pytest.mark.evalyard_plugins("acme-metrics")
    def test_keeps_the_contract(contract_check: ContractCheck) -> None:
        contract_check()

The marker takes what `evalyard plugins test` takes, and with `skip=[...]` the names of checks to leave out.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from evalyard._errors import PluginLoadError
from evalyard.testing._result import Outcome
from evalyard.testing._suite import ContractSuite, select

_MARK = "evalyard_plugins"


@dataclass(frozen=True)
class ContractCheck:
    """One check of one plugin; call it."""

    suite: ContractSuite
    check: str

    def __call__(self) -> None:
        """Fail with what is wrong and what to do, or skip where there is nothing to try."""
        __tracebackhide__ = True
        result = self.suite.run(self.check)
        if result.outcome is Outcome.SKIPPED:
            pytest.skip(result.detail)
        if result.outcome is Outcome.FAILED:
            pytest.fail(f"{self.suite.found.key} does not keep the contract: {result.detail}\n{result.remedy}", False)

    def __str__(self) -> str:
        return f"{self.suite.found.key}: {self.check}"


@dataclass(frozen=True)
class _Missing:
    """What stands for a plugin that is not installed."""

    reason: str

    def __call__(self) -> None:
        pytest.fail(self.reason, False)

    def __str__(self) -> str:
        return "not installed"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", f"{_MARK}(*names, skip=()): the plugins whose contract a test with `contract_check` checks"
    )
    config.stash[_SUITES] = {}


_SUITES = pytest.StashKey[dict[str, ContractSuite]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test a check of each plugin that the marker names; all that are installed without one."""
    if "contract_check" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker(_MARK)
    names: tuple[str | None, ...] = mark.args if mark and mark.args else (None,)
    left_out = frozenset(mark.kwargs.get("skip", ())) if mark else frozenset()
    checks: list[Any] = []
    for name in names:
        checks += _checks(name, left_out, metafunc.config.stash[_SUITES])
    metafunc.parametrize("contract_check", checks, ids=str)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Tear down what was set up."""
    for suite in config.stash.get(_SUITES, {}).values():
        suite.close()


def _checks(name: str | None, left_out: frozenset[str], known: dict[str, ContractSuite]) -> list[Any]:
    try:
        suites = [known.setdefault(suite.found.key, suite) for suite in select(name)]
    except PluginLoadError as error:
        return [_Missing(str(error))]
    return [ContractCheck(suite, check) for suite in suites for check in suite.checks if check not in left_out]

"""A test suite as a run: what tests try is recorded on an Evalyard server, with their verdicts.

    @pytest.mark.evalyard(name="desk")
    @pytest.mark.parametrize("country", ["France", "Peru"])
    def test_knows_the_capital(country: str, evalyard_case: EvalyardCase) -> None:
        evalyard_case.output = answer(country)
        assert evalyard_case.output == CAPITALS[country]

Each test that has the marker or takes the fixture is a record: its input are the parameters, its output what was given
to the fixture, its score `pytest` whether the test passed. Tests with one name are one run. With
`@pytest.mark.evalyard(dataset="support")` a test is called for each item of the dataset, which the fixture gives.

Without EVALYARD_URL nothing is sent. A server that can't be reached, or refuses, costs no test its outcome.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest

from evalyard.testing._recorded import EvalyardCase, Outcome, Recorded, params_of_dataset, read_outcome, send

__all__ = ["EvalyardCase"]

_MARK = "evalyard"
_FIXTURE = "evalyard_case"
_CASE = pytest.StashKey[EvalyardCase]()
_RECORDED = pytest.StashKey[list[Recorded]]()
_DATASETS = pytest.StashKey[dict[str, list[Any]]]()
_SAID = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", f"{_MARK}(name=None, dataset=None, tags=()): record the test's cases as a run on an Evalyard server"
    )
    config.stash[_RECORDED] = []
    config.stash[_DATASETS] = {}
    config.stash[_SAID] = []


@pytest.fixture
def evalyard_case(request: pytest.FixtureRequest) -> EvalyardCase:
    """Return what is recorded of this test: give it an `output`; of a dataset's item it has input and expected."""
    case: EvalyardCase = getattr(request, "param", None) or EvalyardCase()
    request.node.stash[_CASE] = case
    return case


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test an item of the dataset that the marker names."""
    mark = metafunc.definition.get_closest_marker(_MARK)
    dataset = mark.kwargs.get("dataset") if mark else None
    if dataset is None or _FIXTURE not in metafunc.fixturenames:
        return
    known = metafunc.config.stash[_DATASETS]
    if dataset not in known:
        known[dataset] = params_of_dataset(dataset)
    metafunc.parametrize(_FIXTURE, known[dataset], indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what came of a test."""
    report = yield
    mark = item.get_closest_marker(_MARK)
    if mark is None and _FIXTURE not in getattr(item, "fixturenames", ()):
        return report
    if report.skipped or report.when == "teardown" or (report.when == "setup" and report.passed):
        return report
    item.config.stash[_RECORDED].append(_recorded(item, dict(mark.kwargs) if mark else {}, read_outcome(report, call)))
    return report


def _recorded(item: pytest.Item, told: dict[str, Any], outcome: Outcome) -> Recorded:
    """Return a test's record, with what the marker told."""
    parameters = dict(getattr(getattr(item, "callspec", None), "params", {}))
    parameters.pop(_FIXTURE, None)
    return Recorded.of(
        run=str(told.get("name") or told.get("dataset") or item.config.rootpath.name),
        dataset=told.get("dataset"),
        tags=list(told.get("tags", ())),
        test=item.nodeid.partition("[")[0],
        parameters=parameters,
        case=item.stash.get(_CASE, None) or EvalyardCase(),
        outcome=outcome,
    )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    """Take in what a process of pytest-xdist recorded."""
    del error
    sent = getattr(node, "workeroutput", {}).get(_MARK, [])
    node.config.stash[_RECORDED].extend(Recorded(**entry) for entry in sent)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what was recorded, or hand it to the process that does."""
    recorded = session.config.stash[_RECORDED]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_MARK] = [entry.as_plain() for entry in recorded]
    elif recorded and os.environ.get("EVALYARD_URL"):
        session.config.stash[_SAID] = send(recorded)
    elif recorded:
        session.config.stash[_SAID] = [f"{len(recorded)} cases were not recorded: EVALYARD_URL is not set."]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say where the runs are, or why there are none."""
    for sentence in config.stash[_SAID]:
        terminalreporter.write_line(f"evalyard: {sentence}")

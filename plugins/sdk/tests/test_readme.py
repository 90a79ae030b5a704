import re
import sys
import tomllib
import types
from pathlib import Path

import pytest

from evalyard import (
    Config,
    Dispatched,
    DispatchRequest,
    Score,
    Skip,
    TargetError,
    TargetMode,
    TargetRequest,
    TargetResponse,
)
from evalyard.plugins import read_variables

README = Path(__file__).parents[1].joinpath("README.md").read_text()


@pytest.fixture
def readme(monkeypatch):
    module = types.ModuleType("acme_metrics")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL)), vars(module))
    return module


def test_the_evaluators_work(readme):
    config = readme.LengthConfig(longest=4)
    score = readme.Length(config).evaluate(output="far too many words here", question="Why?")
    assert score == Score(False, explanation="5 words in answer to 'Why?'.")
    assert [spec.default_path for spec in read_variables(readme.Length)] == ["output", "input.question"]
    assert readme.brevity(config).evaluate(output="one") == 0.75
    with pytest.raises(Skip, match="no answer"):
        readme.brevity(config).evaluate(output="")
    cases = [{"output": "a b", "expected": "b c"}, {"output": "c", "expected": "c"}]
    assert readme.Overlap(Config()).evaluate_batch(cases) == [0.5, 1.0]
    assert [spec.name for spec in read_variables(readme.Overlap)] == ["output", "expected"]
    assert readme.Coverage(Config()).evaluate_run(iter(cases)) == {"coverage": 2 / 3, "words": 3}


async def test_the_target_works(readme):
    target = readme.Echo(readme.EchoConfig(prefix="> "))
    request = {"metadata": None, "item_id": None, "run_id": "", "record_id": "", "trial": 1, "attempt": 1}
    assert await target.call(TargetRequest("hi", **request, timeout_seconds=1)) == TargetResponse("> hi", 0.0)
    with pytest.raises(TargetError, match="no text"):
        await target.call(TargetRequest(1, **request, timeout_seconds=1))


async def test_the_target_that_starts_something_elsewhere_works(readme):
    target = readme.Nightly(Config())
    request = DispatchRequest("UnVuOjE=", 1, "Run 1", "UHJvamVjdDox", None, None, 1, 5.0)
    assert await target.dispatch(request) == Dispatched(43_200, "https://jobs.example/?run=UnVuOjE=")
    assert target.mode is TargetMode.DISPATCH


def test_the_entry_point_names_the_example(readme):
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    entry_points = tomllib.loads(block)["project"]["entry-points"]["evalyard.evaluators"]
    module, _, name = entry_points["length"].partition(":")
    assert getattr(sys.modules[module], name) is readme.Length

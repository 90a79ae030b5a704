import re
from importlib.metadata import distribution
from pathlib import Path

README = Path(__file__).parents[1].joinpath("README.md").read_text()


def test_the_example_runs():
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(block, {})


def test_every_evaluator_and_every_option_is_named():
    for entry_point in distribution("evalyard-operations").entry_points:
        evaluator = entry_point.load()
        (row,) = [line for line in README.splitlines() if f"`evalyard-operations/{entry_point.name}`" in line]
        assert evaluator.score_type in row
        assert [option for option in evaluator.Config.model_fields if f"`{option}`" not in row] == []

"""The files of `evalyard run`: what they may say, and how they are told what is wrong."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evalyard.cli.evals.items import read_items
from evalyard.cli.evals.model import json_schema
from evalyard.cli.evals.reading import WrongFile, read_evaluation

PUBLISHED = Path("schema/evalyard-run.schema.json")
WHOLE = """\
name: desk
dataset: support
system: desk:answer
evaluators:
  - exact
  - plugin: evalyard-text/contains
    config: {text: EUR}
    mapping: {output: output.reply}
    threshold: {operator: GTE, value: 0.8}
  - function: checks:polite
trials: 3
concurrency: 4
policy:
  min_pass_rate: 0.9
  evaluators:
    exact: {min_pass_rate: 0.95}
baseline: 41
tags: [nightly]
metadata: {team: desk}
"""


def test_the_published_schema_is_current():
    assert json.loads(PUBLISHED.read_text()) == json_schema()
    Draft202012Validator.check_schema(json_schema())


def test_a_file_that_says_everything_is_read_and_fits_the_schema(tmp_path: Path):
    file = written(tmp_path, WHOLE)

    read = read_evaluation(file)

    Draft202012Validator(json_schema()).validate(read.evaluation.model_dump(mode="json", exclude_none=True))
    assert read.evaluation.policy is not None
    assert read.evaluation.policy.as_input({"exact": "RQ=="}, "UnVu") == {
        "minPassRate": 0.9,
        "maxRegressions": None,
        "maxErrored": None,
        "maxAverageLatencyMs": None,
        "maxTotalCostUsd": None,
        "evaluators": [{"evaluatorId": "RQ==", "minPassRate": 0.95, "minMean": None}],
        "baselineRunId": "UnVu",
    }
    assert (read.line("policy"), read.line("evaluators", 2)) == (13, 10)


def written(folder: Path, text: str, name: str = "file.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


PLAIN = "dataset: support\nsystem: desk:answer\n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("dataset: support\n", ["1: system: It is missing."]),
        (PLAIN + "datset: sport\n", ["3: datset: There is no such key."]),
        (PLAIN + "trials: 0\n", ["3: trials: Input should be greater than or equal to 1."]),
        (PLAIN + "trials: '2'\n", ["3: trials: Input should be a valid integer."]),
        (PLAIN + "policy: {}\n", ["3: policy: The policy has no check: say one of min_pass_rate"]),
        (PLAIN + "policy:\n  min_pas_rate: 1\n", ["4: policy.min_pas_rate: There is no such key."]),
        (
            PLAIN + "evaluators:\n  - plugin: a/b\n    mappings: {}\n",
            ["5: evaluators[0].mappings: There is no such key."],
        ),
        (PLAIN + "items: cases.csv\n", ["1: Say either dataset or items."]),
        (PLAIN + "baseline: 4\n", ["1: A baseline is said together with a policy."]),
        ("dataset: support\nsystem: desk\n", ["2: system: 'desk' is no function: write module:name."]),
        ("dataset: [\n", ["2: is no YAML: expected the node content"]),
        ("[]\n", ["1: Input should be a valid dictionary"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, wrong: list[str], tmp_path: Path):
    file = written(tmp_path, text)

    with pytest.raises(WrongFile) as refused:
        read_evaluation(file)

    told = [str(problem).removeprefix(f"{file}:") for problem in refused.value.problems]
    assert len(told) == len(wrong), told
    assert all(line.startswith(start) for line, start in zip(told, wrong, strict=True)), told


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("items.json", '[{"input": "a", "expected": "A"}, {"input": "b", "metadata": {"x": 1}}]'),
        ("items.jsonl", '{"input": "a", "expectedOutput": "A", "id": "1"}\n\n{"input": "b", "metadata": {"x": 1}}\n'),
        ("items.csv", 'input,expected,metadata\na,A,\nb,,"{""x"": 1}"\n'),
    ],
)
def test_items_are_read_from_each_form(name: str, text: str, tmp_path: Path):
    assert read_items(written(tmp_path, text, name)) == [
        {"input": "a", "expected_output": "A"},
        {"input": "b", "metadata": {"x": 1}},
    ]


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("items.txt", "a", "1: is none of .json, .jsonl, .csv."),
        ("items.json", "{}", "1: is no array of items."),
        ("items.jsonl", '{"input": 1}\n{"input": \n', "2: is no JSON: Expecting value."),
        ("items.jsonl", '{"input": 1}\n{"inputs": 1}\n', "2: inputs: An item has input, expected and metadata."),
        ("items.csv", "input,expected\na,A\n,B\n", "3: input: It is missing."),
        ("items.csv", "input\n", "1: has no items."),
    ],
)
def test_items_that_are_wrong_are_told_with_their_line(name: str, text: str, wrong: str, tmp_path: Path):
    file = written(tmp_path, text, name)

    with pytest.raises(WrongFile) as refused:
        read_items(file)

    assert str(refused.value) == f"{file}:{wrong}"

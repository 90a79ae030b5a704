"""The contract suite: what it finds in evaluators that keep the contract, and in those that do not."""

import pytest

from evalyard import PluginLoadError
from evalyard.testing import CHECKS, Outcome, select

SUPPORT = "Requires-Dist: evalyard>=0.1,<0.2\n"
HEAD = """
import random
import time
from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Annotated, Any, TypedDict
from pydantic import BaseModel, Field
from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType, Skip, Variable, evaluator

class Case(TypedDict):
    output: str
"""
GOOD = '''
class Setting(Config):
    longest: int = Field(5, description="Words.")

class Mine(Evaluator[Setting]):
    """Do well."""
    score_type = ScoreType.NUMERIC

    def setup(self):
        self.ready = True

    async def evaluate(self, *, output: Any, note: Annotated[str, Variable("A note.")] = "") -> dict[str, Any]:
        if not self.ready or output is None:
            raise EvaluationError("It is not ready.")
        return {"length": len(str(output)), "note": note[:10]}

    async def evaluate_run(self, cases: AsyncIterable[Any]) -> float:
        return float(sum([len(str(case["output"])) async for case in cases]))
'''


@pytest.fixture
def suite_of(install):
    suites = []

    def suite_of(source, *, metadata=SUPPORT):
        install("acme", plugins={"mine": "acme_mine:Mine"}, modules={"acme_mine": HEAD + source}, metadata=metadata)
        suites.extend(select("acme/mine"))
        return suites[-1]

    yield suite_of
    for suite in suites:
        suite.close()


def test_one_that_keeps_the_contract_passes_every_check(suite_of):
    results = {result.check: result for result in suite_of(GOOD).run_all()}

    assert tuple(results) == CHECKS
    assert [result for result in results.values() if result.outcome is not Outcome.PASSED] == []
    assert results["support"].detail == "evalyard <0.2,>=0.1"
    assert results["summary"].detail == "Do well."
    assert results["variables"].detail == "output: anything, note?: string"
    assert results["scores"].detail == "10 of 10 made-up cases scored"
    assert "µs a score" in results["speed"].detail
    assert "µs a case in runs of 100" in results["speed"].detail


def record(body, variables="output: Any", score_type="NUMERIC", doc='"""Do something."""'):
    """Return the source of an evaluator whose `evaluate` has this body."""
    return f"""
class Mine(Evaluator):
    {doc}
    score_type = ScoreType.{score_type}

    def evaluate(self, *, {variables}) -> Any:
        {body}
"""


BROKEN = {
    "support": [
        (GOOD, "acme does not say which versions of evalyard it supports.", ""),
        (GOOD, "acme does not say which versions of evalyard it supports.", "Requires-Dist: evalyard\n"),
        (GOOD, "acme 1.0 supports evalyard >=7 and this environment has evalyard 0", "Requires-Dist: evalyard>=7\n"),
    ],
    "loads": [
        ("import nowhere", "acme 1.0 needs the module nowhere, which is not installed"),
        ("Mine = 1", "is not a subclass of evalyard.Evaluator"),
        ("class Mine(Evaluator):\n    score_type = ScoreType.TEXT", "Mine defines none of evaluate"),
    ],
    "summary": [
        (record("return len(str(output))", doc=""), "there is no summary."),
        (record("return len(str(output))", doc=f'"""{"x" * 201}"""'), "the summary has 201 characters."),
    ],
    "config": [
        (
            GOOD.replace('5, description="Words."', 'json_schema_extra={"type": "whole"}, description="Words."'),
            "its JSON Schema is not sound: 'whole' is not valid under any of the given schemas.",
        ),
        (GOOD.replace('5, description="Words."', "5"), "longest is not described."),
        (
            GOOD.replace("longest: int = Field(5", "longest: str = Field(pattern='^z+$'"),
            "no config could be made up (longest: String should match pattern '^z+$').",
        ),
        (
            GOOD.replace("Field(5", 'Field(5, json_schema_extra={"maximum": 3}'),
            "$.longest: 5 is greater than the maximum of 3.",
        ),
        (
            GOOD.replace("def setup(self):", "def __init__(self, config):\n        raise LookupError('no such thing')"),
            "it can't be made with the config Setting(longest=5) (LookupError: no such thing).",
        ),
    ],
    "variables": [
        (record("return len(str(output))", "output: Any, expected: Any"), "expected is never read."),
        (
            record("return len(str(output)) + len(question)", "output: Any, question: str"),
            "users have to map question and are not told what it is.",
        ),
        (
            '''
class Wide(Case):
    never: str

class Mine(Evaluator):
    """Do something."""
    score_type = ScoreType.NUMERIC

    def evaluate_batch(self, cases: Sequence[Wide]) -> list[int]:
        return [len(case["output"]) for case in cases]
''',
            "never is never read.",
        ),
    ],
    "scores": [
        (record("return output"), "evaluate with case 0: A NUMERIC evaluator must not return str ('The sky is"),
        (record("raise SystemExit(3)"), "evaluate with case 0: it raised SystemExit: 3;"),
        (record("return float('nan')"), "evaluate with case 0: The score is nan; it must be a finite number;"),
        (record("return len(output)"), "evaluate with case 3: it raised TypeError: object of type 'int' has no len();"),
        (
            """
class Mine(Evaluator):
    \"\"\"Do something.\"\"\"
    score_type = ScoreType.NUMERIC

    def evaluate_batch(self, cases: Sequence[Case]) -> Any:
        return [1.0, len(cases[0]["output"])]
""",
            "evaluate_batch with case 0: evaluate_batch gave 2 results for 1 cases;",
        ),
        (
            """
class Mine(Evaluator):
    \"\"\"Do something.\"\"\"
    score_type = ScoreType.NUMERIC

    def evaluate_run(self, cases: Iterable[Case]) -> Any:
        return [case["output"] for case in cases]
""",
            "evaluate_run with case 0: A NUMERIC evaluator must not return list (['The sky is blue.']);",
        ),
    ],
    "determinism": [
        (record("return random.random() if output else 0"), "evaluate gave {'': (0."),
        (
            record("self.n = getattr(self, 'n', 0) + 1; return self.n if output else 0"),
            "evaluate gave {'': (6, None)} and {'': (5, None)};",
        ),
    ],
    "optional variables": [
        (
            record("return len(str(output)) + len(expected)", "output: Any, expected: Any = None").replace(
                "expected: Any", "expected: str"
            ),
            "evaluate with no expected: it raised TypeError: object of type 'NoneType' has no len();",
        ),
    ],
    "hostile values": [
        (
            record("return 1 / len(output)", "output: str"),
            "evaluate with an empty text as output: it raised ZeroDivisionError: division by zero.",
        ),
        (
            record("return float(output) if output == 'NaN' else len(output)", "output: str"),
            "evaluate with the text NaN as output: The score is nan; it must be a finite number.",
        ),
        (
            record("return str(output).index('e') if output == {} else 1"),
            "evaluate with an empty object as output: it raised ValueError: substring not found.",
        ),
    ],
    "record unchanged": [
        (
            record("isinstance(output, dict) and output.setdefault('seen', True); return len(str(output))"),
            "evaluate changed output of case 1.",
        ),
    ],
}


@pytest.mark.parametrize(
    ("check", "case"),
    [(check, case) for check, cases in BROKEN.items() for case in cases],
    ids=lambda value: str(value)[:20],
)
def test_what_breaks_the_contract_is_named_with_a_remedy(suite_of, check, case):
    source, detail, *metadata = case

    result = suite_of(source, metadata=metadata[0] if metadata else SUPPORT).run(check)

    assert (result.outcome, result.check) == (Outcome.FAILED, check)
    assert detail in result.detail
    assert result.remedy.endswith(".")


def test_after_a_failure_what_depends_on_it_is_left_out(suite_of):
    outcomes = {result.check: result.outcome for result in suite_of("Mine = 1").run_all()}

    assert outcomes.pop("support") is Outcome.PASSED
    assert outcomes.pop("loads") is Outcome.FAILED
    assert set(outcomes.values()) == {Outcome.SKIPPED}


def test_checks_are_left_out_on_request(suite_of):
    results = suite_of(record("return random.random() if output else 0")).run_all(skip=frozenset({"determinism"}))

    assert [result.check for result in results if result.outcome is Outcome.SKIPPED] == ["determinism"]
    assert not any(result.outcome is Outcome.FAILED for result in results)


def test_what_can_not_be_set_up_here_is_no_failure(suite_of):
    source = GOOD.replace("self.ready = True", 'raise EvaluationError("There is no endpoint.")')
    results = {result.check: result for result in suite_of(source).run_all()}

    assert results["scores"].outcome is Outcome.SKIPPED
    assert results["scores"].detail == "It can't be set up here: There is no endpoint."
    assert not any(result.outcome is Outcome.FAILED for result in results.values())


def test_one_that_declines_everything_is_told_so(suite_of):
    result = suite_of(record("raise Skip('There is no trace.') if output else Skip('Nothing.')")).run("scores")

    assert result.outcome is Outcome.SKIPPED
    assert result.detail == "Made-up values give no score (Skip: There is no trace.)."


def test_one_that_never_returns_is_given_up(suite_of, monkeypatch):
    monkeypatch.setattr("evalyard.testing._calling.LIMIT_SECONDS", 0.05)
    suite = suite_of(record("time.sleep(1 if output else 0); return 1"))

    assert suite.run("scores").detail.startswith("evaluate with case 0: it took longer than 0.05 s;")


def test_plugins_are_chosen_by_key_name_and_distribution(suite_of):
    suite = suite_of(GOOD)

    assert [found.found.key for found in select("mine")] == ["acme/mine"]
    assert [found.found.key for found in select("acme")] == [suite.found.key]
    assert "acme/mine" in {found.found.key for found in select(None)}
    with pytest.raises(
        PluginLoadError, match=r"No plugin and no distribution 'nowhere' is installed here; there are: acme"
    ):
        select("nowhere")


def test_a_target_is_checked_for_what_it_says_of_itself(install):
    source = '''
from evalyard import Config, Target, TargetResponse

class Echo(Target):
    """Answer with the question."""

    async def call(self, request):
        return TargetResponse(request.input)
'''
    group = "evalyard.targets"
    install("acme", plugins={"echo": "acme_echo:Echo"}, modules={"acme_echo": source}, metadata=SUPPORT, group=group)
    (suite,) = select("acme/echo")

    assert [(result.check, result.outcome) for result in suite.run_all()] == [
        (check, Outcome.PASSED) for check in ("support", "loads", "summary", "config")
    ]

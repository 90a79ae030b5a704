"""What makes two runs differ beside the system, said in sentences."""

from typing import Any

import pytest

from evalyard_core.domain.comparing.warnings import warnings_of
from evalyard_core.domain.evaluators import Threshold, ThresholdOperator
from evalyard_core.domain.runs import DatasetPin, Progress, Run, RunStatus
from tests.fixtures.core import a_snapshot
from tests.fixtures.objects import a_run

SUMS, NAMES = DatasetPin(id="d1", name="sums", version=1), DatasetPin(id="d2", name="names", version=1)


def ended(number: int, **changes: Any) -> Run:
    return a_run(**{"number": number, "status": RunStatus.COMPLETED, "dataset": SUMS, **changes})


def test_runs_that_differ_in_nothing_have_no_warnings():
    snapshot = a_snapshot()
    assert warnings_of(ended(1, evaluators=(snapshot,)), ended(2, evaluators=(snapshot,))) == ()
    assert warnings_of(ended(1, dataset=None), ended(2, dataset=None)) == ()


def test_outputs_that_were_used_again_have_no_cost_and_no_latency():
    [warning] = warnings_of(ended(1), ended(2, progress=Progress(total=1200, completed=1200, cached_answers=1100)))
    assert warning == (
        "Run 2 used 1,100 of its 1,200 outputs again, for which it paid nothing and has no latency; to compare costs "
        "or latencies, rerun it with an empty cache."
    )


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (SUMS, NAMES, "Run 1 used the dataset 'sums' and run 2 the dataset 'names', so that they share no cases; "),
        (SUMS, None, "Run 1 used the dataset 'sums' and run 2 no dataset, so that they share no cases; "),
        (None, NAMES, "Run 1 used no dataset and run 2 the dataset 'names', so that they share no cases; "),
    ],
)
def test_runs_over_different_datasets_share_no_cases(before: Any, after: Any, says: str):
    [warning] = warnings_of(ended(1, dataset=before), ended(2, dataset=after))
    assert warning == f"{says}start a run over the same dataset."


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({"version": 2}, "version 1", "version 2"),
        ({"plugin_version": "2.0"}, "plugin version 1.0.0", "plugin version 2.0"),
        ({"config_hash": "f" * 16}, f"the config and mapping {'0' * 16}", f"the config and mapping {'f' * 16}"),
        (
            {"threshold": Threshold(operator=ThresholdOperator.GTE, value=0.5)},
            "no threshold",
            "the threshold GTE 0.5",
        ),
    ],
)
def test_an_evaluator_that_was_used_in_two_ways_is_named_with_both(changes: Any, before: str, after: str):
    one = a_snapshot(evaluator_id="e")
    two = a_snapshot(evaluator_id="e", **changes)
    [warning] = warnings_of(ended(1, evaluators=(one,)), ended(2, evaluators=(two,)))
    assert warning == (
        f"The evaluator 'exact' scored run 1 with {before} and run 2 with {after}; score both again (rescoreRun, which "
        f"does not call the system) to have them scored alike."
    )


def test_an_evaluator_of_one_run_is_named_with_the_run_that_lacks_it():
    only = a_snapshot(name="judge")
    remedy = "with it too (rescoreRun, which does not call the system)."
    assert warnings_of(ended(1, evaluators=(only,)), ended(2)) == (
        f"The evaluator 'judge' scored run 1 only; score run 2 {remedy}",
    )
    assert warnings_of(ended(1), ended(2, evaluators=(only,))) == (
        f"The evaluator 'judge' scored run 2 only; score run 1 {remedy}",
    )

"""What fails: newly, again and again, and now and then."""

import pytest

from evalyard_core.domain.failing import consistent_failures, flaky_cases, new_failures
from tests.fixtures.outcomes import spelt


def test_a_new_failure_passed_before():
    before = spelt("one", a="P", b="P", c="F", d="E", e="-", f="P", gone="P")
    after = spelt("two", a="F", b="E", c="F", d="F", e="F", f="P", new="F")
    assert new_failures(after, before) == {"two.a.1", "two.b.1"}


def test_with_trials_all_that_have_a_verdict_must_have_passed_before():
    before = spelt("one", a="PPP", b="PFP", c="P-", d="--")
    after = spelt("two", a="PFE", b="FFF", c="F-", d="F")
    assert new_failures(after, before) == {"two.a.2", "two.a.3", "two.c.1"}


def test_a_consistent_failure_passed_in_no_run_that_has_a_verdict():
    runs = [
        spelt("three", a="F", b="FF", c="E", d="F", e="-", **{"~x": "F"}),
        spelt("two", a="F", b="FP", c="F", e="F", **{"~x": "F"}),
        spelt("one", a="E", b="FF", c="-", f="P"),
    ]
    assert consistent_failures(runs) == {"a", "c", "d", "e"}
    assert consistent_failures([]) == frozenset()


@pytest.mark.parametrize(
    ("trials", "flips", "pass_rate"),
    [
        (["P", "P"], None, None),
        (["F", "E"], None, None),
        (["P", "F"], 1, 0.5),
        (["P", "F", "P", "E"], 3, 0.5),
        (["PF", "FP"], 2, 0.5),
        (["PFP"], 2, 2 / 3),
        (["P", "-", "F"], 1, 0.5),
        (["P", "--", "P"], None, None),
    ],
)
def test_an_item_flips_between_neighbours(trials: list[str], flips: int | None, pass_rate: float | None):
    runs = [("v1", spelt(f"run{place}", a=letters)) for place, letters in enumerate(trials)]
    assert [(case.item_id, case.flips, case.pass_rate) for case in flaky_cases(runs)] == (
        [] if flips is None else [("a", flips, pass_rate)]
    )


def test_a_change_of_version_is_no_flip():
    runs = [
        ("v1", spelt("one", a="P", b="P")),
        ("v2", spelt("two", a="F", b="F")),
        ("v1", spelt("three", a="P", b="F")),
    ]
    [case] = flaky_cases(runs)
    assert (case.item_id, case.flips, case.passed, case.record_ids) == ("b", 1, 1, ("one.b.1", "three.b.1", "two.b.1"))


def test_the_most_unstable_come_first_and_inputs_without_item_are_left_out():
    runs = [("v", spelt("one", a="PF", b="PFP", c="FP", d="PP", **{"~x": "PF"}))]
    assert [(case.item_id, case.flips) for case in flaky_cases(runs)] == [("b", 2), ("c", 1), ("a", 1)]

"""Regressions are told apart from errors."""

import pytest

from evalyard_core.domain.comparing.outcomes import Cases, Outcome, cases_of
from evalyard_core.domain.gates.regressions import Regressions, regressions_of
from evalyard_core.domain.records import Verdict

VERDICTS = {"P": Verdict.PASSED, "F": Verdict.FAILED, "E": Verdict.ERRORED, "-": None}


def run(**cases: str) -> Cases:
    """Return a run's cases: a letter for the verdict of each trial."""
    return cases_of(
        Outcome(f"run.{key}.{trial}", key, trial, VERDICTS[letter], {})
        for key, letters in cases.items()
        for trial, letter in enumerate(letters, 1)
    )


#: What came of a case before and now; the trials that failed of one that regressed; whether nobody can tell.
TABLE = [
    ("P", "P", None, 0),
    ("P", "F", (1,), 0),
    ("P", "E", None, 1),
    ("P", "-", None, 1),
    ("F", "F", None, 0),
    ("F", "E", None, 0),
    ("E", "F", None, 0),
    ("-", "F", None, 0),
    ("PP", "PF", (2,), 0),
    ("PP", "PE", None, 0),
    ("PP", "EE", None, 1),
    ("PF", "FF", (1, 2), 0),
    ("PF", "PFPF", None, 0),
    ("PE", "PF", (2,), 0),
    ("PFF", "PF", None, 0),
    ("PPPF", "PPFF", (3, 4), 0),
]


@pytest.mark.parametrize(("before", "after", "failed", "not_judged"), TABLE)
def test_a_case(before: str, after: str, failed: tuple[int, ...] | None, not_judged: int):
    found = regressions_of(run(a=before), run(a=after))
    regressed = () if failed is None else (tuple(f"run.a.{trial}" for trial in failed),)
    assert found == Regressions(cases=int("P" in before), regressed=regressed, not_judged=not_judged)


def test_a_case_that_is_not_there_counts_only_where_it_should_be():
    before, after = run(a="P", b="P", c="F", d="P"), run(d="P", e="F")
    assert regressions_of(before, after) == Regressions(cases=3)
    assert regressions_of(before, after, missing={"a", "c"}) == Regressions(cases=3, not_judged=1)

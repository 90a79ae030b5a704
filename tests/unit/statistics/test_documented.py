"""The page on statistics says what the code does."""

import re
from pathlib import Path

from evalyard_core.domain.statistics import ComparisonVerdict, PairedTest, TrendDirection
from evalyard_core.domain.statistics.mann_kendall import EXACT_VALUES
from evalyard_core.domain.statistics.means import FEWEST_TO_RESAMPLE, MOST_TO_RESAMPLE
from evalyard_core.domain.statistics.power import least_pairs, pass_rate_cases
from evalyard_core.domain.statistics.trends import fewest_runs
from evalyard_core.domain.statistics.verdicts import NOTABLE_EFFECT, NOTABLE_PASS_RATE

PAGE = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text()


def test_the_cases_needed_are_those_of_the_page():
    rows = re.findall(r"^\| (\d+) points \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 4
    assert {points: int(cases.replace(",", "")) for points, cases in rows} == {
        points: pass_rate_cases(int(points) / 100, changed=0.2) for points, _ in rows
    }


def test_the_limits_are_those_of_the_page():
    assert f"where {FEWEST_TO_RESAMPLE} to {MOST_TO_RESAMPLE:,} values" in PAGE
    assert f"fewer than {least_pairs()} items changed" in PAGE
    assert (NOTABLE_PASS_RATE, NOTABLE_EFFECT) == (0.05, 1 / 5)
    assert "5 points of a pass rate or a fifth of a standard deviation" in PAGE
    assert f"exactly for up to {EXACT_VALUES}\nruns" in PAGE
    assert f"fewer than {fewest_runs()} runs" in PAGE


def test_each_verdict_is_on_the_page():
    for word in (*ComparisonVerdict, *(direction for direction in TrendDirection if direction != "STEADY")):
        assert word in PAGE
    assert [test.value for test in PairedTest] == ["McNemar exact", "paired permutation"]

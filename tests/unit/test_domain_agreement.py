"""An evaluator's answers beside people's, against statsmodels and the krippendorff package."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import krippendorff
import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from evalyard import ScoreType
from evalyard_core.domain.agreement import AgreementBasis, Judged, Judgement, agreement_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.scores import label_of, number_of

VALUE, PASSED = AgreementBasis
EPOCH = now()


def judgement(author: str | None, value: Any, *, place: int = 0, passed: bool | None = None) -> Judgement:
    at = EPOCH + timedelta(seconds=place)
    version = None if author else 1 + place % 2
    said = value if isinstance(value, bool) else passed
    return Judgement(author, at, said, number_of(value), label_of(value), version)


def judged(rows: Sequence[Sequence[Any]]) -> list[Judged]:
    """Return records of what the evaluator, Ada and Bo say; None where one says nothing."""
    return [
        Judged(
            f"r{place:02}",
            None if judge is None else judgement(None, judge, place=place),
            [
                judgement(name, said, place=place)
                for name, said in zip(("Ada", "Bo"), people, strict=False)
                if said is not None
            ],
        )
        for place, (judge, *people) in enumerate(rows)
    ]


def test_booleans_are_compared_as_labels_over_all_pairs():
    rows = [
        (True, True, True),
        (True, False),
        (False, False, True),
        (True, True),
        (None, True, False),
        (False, None, False),
    ]
    found = agreement_of(judged(rows), basis=VALUE, score_type=ScoreType.BOOLEAN)
    assert (found.whole.pairs, found.records, found.unpaired, found.complete) == (7, 5, 2, True)
    assert found.whole.observed == pytest.approx(5 / 7)
    assert found.confusion is not None
    assert (found.confusion.labels, found.confusion.counts) == ((False, True), ((2, 1), (1, 3)))
    kappa = cohens_kappa(np.array(found.confusion.counts), return_results=False)
    assert found.whole.kappa == pytest.approx(float(kappa))
    ratings = np.array(
        [[None if len(row) <= n or row[n] is None else float(row[n]) for row in rows] for n in range(3)], dtype=float
    )
    assert found.alpha == pytest.approx(krippendorff.alpha(ratings, level_of_measurement="nominal"))
    assert [(name, figures.pairs, figures.observed) for name, figures in found.people] == [
        ("Ada", 4, 0.75),
        ("Bo", 3, pytest.approx(2 / 3)),
    ]
    assert found.versions == [1, 2]
    assert found.mean_distance is None
    interval = found.observed_interval
    assert interval is not None
    assert interval.low < 5 / 7 < interval.high


def test_numbers_are_compared_by_their_distance():
    rows = [(1, 1, 2), (5, 3), (2, 2, 2.5), (4, 5), (3, None, 3), (None, 1, 4)]
    found = agreement_of(judged(rows), basis=VALUE, score_type=ScoreType.NUMERIC)
    pairs = [(1, 1), (1, 2), (5, 3), (2, 2), (2, 2.5), (4, 5), (3, 3)]
    ranks = sorted({number for pair in pairs for number in pair})
    counts = np.zeros((len(ranks), len(ranks)))
    for judge, person in pairs:
        counts[ranks.index(judge), ranks.index(person)] += 1
    weights = (np.subtract.outer(ranks, ranks)) ** 2
    kappa = cohens_kappa(counts, weights=weights, return_results=False)
    assert found.whole.kappa == pytest.approx(float(kappa))
    ratings = np.array([[None if len(row) <= n else row[n] for row in rows] for n in range(3)], dtype=float)
    assert found.alpha == pytest.approx(krippendorff.alpha(ratings, level_of_measurement="interval"))
    assert found.mean_distance == pytest.approx(4.5 / 7)
    assert found.confusion is not None
    assert found.confusion.labels == tuple(ranks)
    # The farthest apart first, of these the newest.
    assert [(pair.record_id, pair.distance) for pair in found.disagreements] == [
        ("r01", 2),
        ("r03", 1),
        ("r00", 1),
        ("r02", 0.5),
    ]


def test_labels_and_answers_of_another_kind():
    rows = [("good", "good", 3), ("bad", "good"), ("good", "bad", "good"), (1.0, "bad"), ("x" * 201, "good")]
    found = agreement_of(judged(rows), basis=VALUE, score_type=ScoreType.CATEGORICAL)
    assert (found.whole.pairs, found.unpaired) == (4, 3)
    assert found.confusion is not None
    assert (found.confusion.labels, found.confusion.counts) == (("bad", "good"), ((0, 1), (1, 2)))
    assert {pair.distance for pair in found.disagreements} == {1.0}
    booleans = agreement_of(judged([(True, 0.5), (True, 1), (False, "no")]), basis=VALUE, score_type=ScoreType.BOOLEAN)
    assert (booleans.whole.pairs, booleans.whole.observed, booleans.unpaired) == (1, 1.0, 2)


def test_thumbs_are_held_against_whether_numbers_pass():
    entries = [
        Judged(f"r{n}", judgement(None, number, passed=number >= 0.5), [judgement("Ada", thumb)])
        for n, (number, thumb) in enumerate([(0.9, True), (0.6, False), (0.1, False), (0.2, False)])
    ]
    found = agreement_of(entries, basis=PASSED, score_type=ScoreType.NUMERIC)
    assert (found.whole.pairs, found.whole.observed, found.mean_distance) == (4, 0.75, None)
    assert found.confusion is not None
    assert found.confusion.counts == ((2, 0), (1, 1))
    assert agreement_of(entries, basis=VALUE, score_type=ScoreType.NUMERIC).whole.observed == 0.0


def test_nothing_to_agree_on():
    found = agreement_of([], basis=VALUE, score_type=ScoreType.NUMERIC, complete=False)
    assert (found.whole.pairs, found.whole.observed, found.whole.kappa, found.alpha) == (0, None, None, None)
    assert (found.observed_interval, found.mean_distance, found.people, found.complete) == (None, None, [], False)
    assert found.confusion is not None
    assert found.confusion.labels == ()
    alike = agreement_of(judged([(True, True)] * 3), basis=VALUE, score_type=ScoreType.BOOLEAN)
    assert (alike.whole.observed, alike.whole.kappa, alike.alpha) == (1.0, None, None)


def test_a_table_of_many_answers_is_none():
    few, many = [(n, n) for n in range(20)], [(n, n) for n in range(21)]
    assert agreement_of(judged(few), basis=VALUE, score_type=ScoreType.NUMERIC).confusion is not None
    assert agreement_of(judged(many), basis=VALUE, score_type=ScoreType.NUMERIC).confusion is None


def test_numbers_stand_in_their_order_in_a_table():
    found = agreement_of(judged([(10, 9), (2, 100)]), basis=VALUE, score_type=ScoreType.NUMERIC)
    assert found.confusion is not None
    assert found.confusion.labels == (2, 9, 10, 100)

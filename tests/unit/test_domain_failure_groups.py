"""What failing cases share. The statistics have tests of their own."""

import itertools

import pytest

from evalyard_core.domain.failure_groups import FailureTrait, Trait, Traits, failure_groups

TAG, METADATA, ERROR, FAILED_SCORE, ERRORED_SCORE = FailureTrait
GERMAN, ENGLISH, HARD = Trait(METADATA, "de"), Trait(METADATA, "en"), Trait(TAG, "hard")

_numbers = itertools.count()


def cases(failing: int, passing: int, *traits: Trait) -> list[Traits]:
    return [Traits(f"case {next(_numbers)}", place < failing, traits) for place in range(failing + passing)]


def test_the_german_ones_stand_out():
    [group] = failure_groups(
        [*cases(9, 1, GERMAN), *cases(1, 3, GERMAN, HARD), *cases(2, 80, ENGLISH), *cases(0, 4, ENGLISH, HARD)]
    )
    assert (group.trait, group.failed, group.cases) == (GERMAN, 10, 14)
    assert (group.failure_rate, group.failure_rate_elsewhere) == (10 / 14, 2 / 86)
    assert group.share == 10 / 12
    assert group.strength is not None
    assert group.strength > 0.7
    assert group.p_value is not None
    assert group.p_value < 1e-7


def test_one_failing_case_shares_nothing():
    assert failure_groups([*cases(1, 0, GERMAN), *cases(1, 99, ENGLISH)]) == []


def test_what_all_cases_have_says_nothing():
    assert failure_groups(cases(5, 5, GERMAN)) == []


def test_what_goes_with_passing_is_left_out():
    assert [group.trait for group in failure_groups([*cases(5, 1, GERMAN), *cases(2, 9, ENGLISH)])] == [GERMAN]


def test_errors_and_scores_are_failing_itself_so_that_nothing_is_tested():
    error, failed, errored = Trait(ERROR, "TIMEOUT"), Trait(FAILED_SCORE, "e"), Trait(ERRORED_SCORE, "f")
    found = failure_groups([*cases(4, 0, error), *cases(2, 0, failed), *cases(3, 0, failed, errored), *cases(0, 10)])
    assert [(group.trait, group.failed, group.share) for group in found] == [
        (failed, 5, 5 / 9),
        (error, 4, 4 / 9),
        (errored, 3, 3 / 9),
    ]
    assert {(group.strength, group.p_value, group.failure_rate_elsewhere) for group in found} == {(None, None, None)}


def test_what_could_be_chance_comes_last():
    error = Trait(ERROR, "TIMEOUT")
    found = failure_groups([*cases(9, 0, GERMAN, error), *cases(6, 6, HARD), *cases(7, 20)])
    assert [group.trait for group in found] == [GERMAN, error, HARD]


def test_the_trials_of_a_case_count_once():
    def trial(case: str, *, is_failure: bool, error: str | None = None) -> Traits:
        return Traits(case, is_failure, [HARD, *([Trait(ERROR, error)] if error else [])])

    trials = [trial(case, is_failure=n == 1, error="TIMEOUT" if n == 1 else None) for case in "abc" for n in range(5)]
    found = failure_groups([*trials, *cases(0, 20)])
    assert [(group.trait.value, group.failed, group.cases) for group in found] == [("hard", 3, 3), ("TIMEOUT", 3, 3)]


def test_a_trait_that_a_case_has_twice_counts_once():
    [group] = failure_groups([*cases(3, 0, HARD, HARD), *cases(0, 3)])
    assert (group.failed, group.strength) == (3, pytest.approx(1))


def test_there_is_nothing_to_group_without_records():
    assert failure_groups([]) == []

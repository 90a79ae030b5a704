"""What is kept in memory while there is room."""

from evalyard_core.services.kept import Kept, state_of
from tests.fixtures.objects import a_run


def test_what_was_not_wanted_for_the_longest_time_gives_way():
    kept: Kept[str, int] = Kept(10)
    for place, key in enumerate("abc"):
        kept.keep(key, place, size=3)
    assert kept.get("a") == 0
    kept.keep("d", 3, size=4)
    assert [kept.get(key) for key in "abcd"] == [0, None, 2, 3]


def test_what_is_larger_than_the_room_is_let_go_and_leaves_the_room_as_it_was():
    kept: Kept[str, int] = Kept(10)
    kept.keep("large", 1, size=11)
    assert kept.get("large") is None
    kept.keep("a", 1, size=10)
    assert kept.get("a") == 1


def test_a_newer_value_takes_the_place_and_the_room_of_the_older_one():
    kept: Kept[str, int] = Kept(10)
    for value in range(5):
        kept.keep("a", value, size=5)
    kept.keep("b", 9, size=5)
    assert (kept.get("a"), kept.get("b")) == (4, 9)


def test_a_run_that_has_changed_is_kept_under_another_key():
    run = a_run(revision=3)
    assert state_of(run) != state_of(a_run(id=run.id, revision=4))

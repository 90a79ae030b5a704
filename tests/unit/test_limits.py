"""The limits that requests are held to, each with the code, the field and the sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from evalyard_core.domain.errors import BadInput, LimitExceeded, Refusal
from evalyard_core.domain.limits import (
    check_count,
    check_first,
    check_name,
    check_range,
    check_search,
    check_tags,
    check_text,
    check_unicode,
)


@pytest.mark.parametrize("first", [1, 2, 100])
def test_a_page_may_have_1_to_100_rows(first: int):
    assert check_first(first) == first


def test_what_fits_comes_back():
    assert check_name("  my dataset ", field="name") == "my dataset"
    assert check_name("x" * 200 + " ", field="name") == "x" * 200
    assert check_name("größe 😀", field="name") == "größe 😀"
    assert check_text("a\nb\t" + "x" * 19_996, field="notes") == "a\nb\t" + "x" * 19_996
    assert check_text("", field="notes") == ""
    assert check_tags(None, field="tags") == ()
    assert check_tags(["b", "a", "b", " a", "a "], field="tags") == ("b", "a")
    assert check_tags([f"t{n}" for n in range(50)] + ["t1"], field="tags") == tuple(f"t{n}" for n in range(50))
    assert check_range(1, 1, 5, field="rating") == 1
    assert check_range(0.5, 0.01, 3600.0, field="timeoutSeconds") == 0.5
    check_count([None] * 5, 5, field="items")


@pytest.mark.parametrize(
    ("check", "kind", "field", "said"),
    [
        (lambda: check_first(0), BadInput, "first", "first must be 1 to 100, not 0."),
        (lambda: check_first(-1), BadInput, "first", "not -1"),
        (lambda: check_first(101), BadInput, "first", "not 101"),
        (lambda: check_name("", field="input.name"), BadInput, "input.name", "can't be empty"),
        (lambda: check_name(" \n\t", field="input.name"), BadInput, "input.name", "can't be empty"),
        (lambda: check_name("x" * 201, field="input.name"), BadInput, "input.name", "200 characters at most, not 201"),
        (lambda: check_name("a\nb", field="input.name"), BadInput, "input.name", "printable"),
        (lambda: check_name("a\x00b", field="input.name"), BadInput, "input.name", "printable"),
        (lambda: check_name("a\ud800", field="input.name"), BadInput, "input.name", "printable"),
        (lambda: check_text("x" * 20_001, field="notes"), LimitExceeded, "notes", "20,000 characters at most"),
        (lambda: check_text("a\udfff", field="notes"), BadInput, "notes", "Character 2 is half of a surrogate pair"),
        (lambda: check_unicode("\ud800", field="search"), BadInput, "search", "Character 1"),
        (lambda: check_search("x" * 1001, field="search"), LimitExceeded, "search", "1,000 characters at most"),
        (lambda: check_search("a\0", field="search"), BadInput, "search", "U\\+0000"),
        (lambda: check_search("a\ud800", field="search"), BadInput, "search", "Character 2"),
        (
            lambda: check_tags([str(n) for n in range(51)], field="tags"),
            LimitExceeded,
            "tags",
            "50 tags at most",
        ),
        (lambda: check_tags(["a", "a", ""], field="tags"), BadInput, "tags[2]", "can't be empty"),
        (lambda: check_range(0, 1, 100, field="input.trials"), BadInput, "input.trials", "trials must be 1 to 100"),
        (lambda: check_range(101, 1, 100, field="input.trials"), BadInput, "input.trials", "not 101"),
        (lambda: check_range(float("nan"), 0.0, 1.0, field="x"), BadInput, "x", "not nan"),
        (lambda: check_range(float("inf"), 0.0, 1e9, field="x"), BadInput, "x", "not inf"),
        (lambda: check_count([None] * 1001, 1000, field="items"), LimitExceeded, "items", "1,000 at once, not 1,001"),
    ],
)
def test_what_does_not_fit_is_refused(check: Callable[[], Any], kind: type[Refusal], field: str, said: str):
    with pytest.raises(Refusal, match=said) as refused:
        check()
    assert (type(refused.value), refused.value.field) == (kind, field)

import time
from decimal import Decimal

import pytest

from evalyard_text._numbers import number_finder

FIND_LAST = number_finder()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,234.50", "1234.50"),
        ("1 234", "1234"),
        ("1\u202f234\u00a0567", "1234567"),
        ("1'234’567.8", "1234567.8"),
        ("1,00,000", "100000"),
        ("-3", "-3"),
        ("\u22127", "-7"),
        ("-.5", "-0.5"),
        ("1e3", "1000"),
        ("2.5E-2", "0.025"),
        ("1.5 × 10^3", "1500"),
        (r"3 \times 10^{-2}", "0.03"),
        ("2x10**4", "20000"),
        ("50%", "50"),
        ("A: 18.", "18"),
        ("**18**", "18"),
        (r"\boxed{42}", "42"),
        ("18\nThat is all", "18"),
        ("3/4", "0.75"),
        ("1 3/4", "1.75"),
        (r"-\frac{3}{4}", "-0.75"),
        (r"\dfrac{1}{8}", "0.125"),
        ("05/01/2024", "2024"),
        ("3/0", "0"),
        ("3/4.5", "4.5"),
        ("16/2=8", "8"),
        ("16 - 3", "3"),
        ("16 -3", "-3"),
        ("5-3", "3"),
        ("10-20", "20"),
        ("(2)-3", "3"),
        ("x=-3", "-3"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("-€ 5", "-5"),
        ("COVID-19", "19"),
        ("12,34,56", "56"),
        ("1,234,56", "56"),
        ("2024 100", "100"),
        ("0 500", "500"),
        ("1e5x", "5"),
        ("5 x 10", "10"),
        ("99999999999999999999999999999999999999991", "99999999999999999999999999999999999999991"),
    ],
)
def test_the_last_number_is_read(text, value):
    assert FIND_LAST(text).value == Decimal(value)
    assert FIND_LAST(f"First 7, then\n{text}").value == Decimal(value)


@pytest.mark.parametrize("text", ["", "no number", "٣", "½", "-", "$"])
def test_a_text_may_hold_no_number(text):
    assert FIND_LAST(text) is None


def test_the_number_is_shown_as_it_was_written():
    assert FIND_LAST("about -$1,234.50 or so").text == "-1,234.50"


def test_the_decimal_separator_can_be_a_comma():
    find_last = number_finder(",")
    assert find_last("1.234,50").value == Decimal("1234.50")
    assert find_last("3,5").value == Decimal("3.5")


def test_groups_by_spaces_can_be_two_numbers():
    find_last = number_finder(space_groups=False)
    assert find_last("5 100").value == Decimal(100)
    assert find_last("5\u202f100").value == Decimal(5100)


@pytest.mark.parametrize(
    "text",
    [
        "1," + "23," * 50_000,
        "100 200 " * 30_000 + "3000",
        "1" * 200_000,
        "1/" * 100_000,
        "a" * 1_000_000,
        "1'000" * 40_000,
    ],
    ids=["commas", "groups", "digits", "slashes", "letters", "apostrophes"],
)
def test_hostile_texts_take_linear_time(text):
    """Quadratic matching would take minutes here."""
    started = time.process_time()
    FIND_LAST(text)
    assert time.process_time() - started < 5

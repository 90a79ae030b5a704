"""The table of prices, as an operator writes it."""

from pathlib import Path

import pytest

from evalyard.prices import Prices
from evalyard_core.domain.traces.prices import PriceTable

CHEAP = Prices(input_per_million=1, output_per_million=2)


def test_a_table_is_read_from_a_file(tmp_path: Path):
    file = tmp_path / "prices.json"
    file.write_text('{"cheap": {"input_per_million": 1, "output_per_million": 2}}')

    assert PriceTable.read(file) == PriceTable({"cheap": CHEAP})
    assert PriceTable.read(None) == PriceTable()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file or directory"),
        ("{", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
        ('{"cheap": {"input_per_million": 1}}', "Field required"),
        ('{"cheap": {"input_per_million": -1, "output_per_million": 2}}', "Input should be greater than or equal to 0"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str | None, reason: str):
    file = tmp_path / "prices.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(ValueError, match=reason):
        PriceTable.read(file)


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("cheap", CHEAP),
        ("cheap-2026-01-31", CHEAP),
        ("cheap-20260131", CHEAP),
        ("cheap@20260131", CHEAP),
        ("cheap-mini", None),
        ("cheap-2026", None),
    ],
)
def test_a_model_is_known_by_its_name_whatever_day_it_is_of(model: str, price: Prices | None):
    assert PriceTable({"cheap": CHEAP}).of(model) == price


def test_a_price_of_a_day_comes_before_that_of_the_name():
    dear = Prices(input_per_million=10, output_per_million=20)

    assert PriceTable({"cheap": CHEAP, "cheap-2026-01-31": dear}).of("cheap-2026-01-31") == dear

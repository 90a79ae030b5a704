"""The guide to the conventions, held against their tables."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalyard_core.domain.traces.conventions import CONVENTIONS, understand
from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.domain.traces.spans import ReceivedSpan
from tests.fixtures.spans import a_received

GUIDE = (Path(__file__).parents[3] / "docs" / "trace-conventions.md").read_text()
FIELDS = {
    "model": "models",
    "provider": "providers",
    "tokens of the prompt": "prompt_tokens",
    "tokens of the answer": "completion_tokens",
    "cached tokens, among the prompt's": "cached_tokens",
    "reasoning tokens, among the answer's": "reasoning_tokens",
    "session": "sessions",
    "user": "users",
    "tags": "tags",
    "name of a tool": "tools",
}


def section(heading: str) -> str:
    return GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(heading: str) -> dict[str, str]:
    return dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section(heading), re.MULTILINE)[1:])


def blocks(heading: str) -> Iterator[str]:
    yield from re.findall(r"```json\n(.+?)```", section(heading), re.DOTALL)


def test_the_kinds_are_those_of_the_tables():
    told = {name.strip("`"): dict(re.findall(r"`(\S+)` ([A-Z]+)", values)) for name, values in rows("Kind").items()}
    marks = dict(re.findall(r"`(\S+)` ([A-Z]+)", section("Kind").rpartition("Else by")[2]))

    assert list(told.items()) == [entry for convention in CONVENTIONS for entry in convention.kinds.items()]
    assert list(marks.items()) == [entry for convention in CONVENTIONS for entry in convention.marks.items()]


def test_the_names_are_those_of_the_tables_in_their_order():
    told = {FIELDS[what]: re.findall(r"`(\S+)`", names) for what, names in rows("Figures and names").items()}

    assert told == {
        field: list(dict.fromkeys(name for convention in CONVENTIONS for name in getattr(convention, field)))
        for field in FIELDS.values()
    }


def test_the_costs_are_those_of_the_tables_in_their_order():
    told = re.findall(r"`([a-z_]+\.\S+)`", section("Cost"))

    assert told == [name for convention in CONVENTIONS for names in convention.costs for name in names]


def test_the_table_of_prices_is_one(tmp_path: Path):
    [text] = blocks("Cost")
    (file := tmp_path / "prices.json").write_text(text)
    prices = PriceTable.read(file)

    def cost(model: str) -> float | None:
        used = {"gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.cache_read.input_tokens": 400_000}
        return understand(a_received(attributes={"gen_ai.request.model": model, **used}), prices).cost_usd

    assert [cost(model) for model in ("large-1", "large-1-2026-10-01", "small-1", "other")] == [
        pytest.approx(0.6 * 2.5 + 0.4 * 0.25),
        pytest.approx(1.6),
        pytest.approx(0.1),
        None,
    ]


def test_the_messages_are_read_as_they_stand():
    [text] = blocks("Input and output")
    span: ReceivedSpan = a_received(attributes={"gen_ai.operation.name": "chat", "gen_ai.input.messages": text})

    assert understand(span, PriceTable()).input == json.loads(text)

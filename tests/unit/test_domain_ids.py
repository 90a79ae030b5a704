"""Identifiers and config hashes."""

import multiprocessing
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.ids import config_hash, itemless_key, new_id, record_id, run_of_record
from tests.fixtures.core import QUICK

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_ids_have_24_hexadecimal_digits_and_begin_with_the_millisecond():
    before = time.time_ns() // 1_000_000
    identifier = new_id()
    assert len(identifier) == 24
    assert before <= int(identifier[:12], 16) <= time.time_ns() // 1_000_000
    assert int(identifier, 16)


def test_ids_are_unique_over_threads_and_sort_by_time(monkeypatch: pytest.MonkeyPatch):
    with ThreadPoolExecutor(4) as threads:
        ids = [
            identifier
            for part in threads.map(lambda _: [new_id() for _ in range(5000)], range(4))
            for identifier in part
        ]
    assert len(set(ids)) == 20_000
    moment = time.time_ns()
    in_time = []
    for step in range(100):
        monkeypatch.setattr(time, "time_ns", lambda step=step: moment + step * 1_000_000)
        in_time.append(new_id())
    assert in_time == sorted(in_time)


def test_ids_of_a_forked_process_are_its_own():
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=lambda: writer.send(new_id()))
    child.start()
    theirs, ours = reader.recv(), new_id()
    child.join()
    assert theirs[12:18] != ours[12:18]


def test_a_record_has_one_id_made_of_run_item_and_trial():
    run, item = new_id(), new_id()
    assert record_id(run, item, 2) == record_id(run, item, 2) == f"{run}.{item}.2"
    assert run_of_record(record_id(run, item, 2)) == run
    assert len({record_id(run, item, trial) for trial in range(1, 101)}) == 100


def _shuffled(value: Any, seed: int) -> Any:
    if isinstance(value, dict):
        entries = list(value.items())
        random.Random(seed).shuffle(entries)
        return {key: _shuffled(entry, seed) for key, entry in entries}
    return [_shuffled(entry, seed) for entry in value] if isinstance(value, list) else value


@QUICK
@given(JSON, st.integers())
def test_hashes_are_equal_whatever_the_order_of_keys(value: Any, seed: int):
    assert config_hash("plugin", value) == config_hash("plugin", _shuffled(value, seed))
    assert itemless_key(value) == itemless_key(_shuffled(value, seed))
    assert len(config_hash(value)) == 16
    assert itemless_key(value).startswith("~")


def test_hashes_differ_where_the_value_does():
    values: list[Any] = [
        {},
        [],
        None,
        0,
        False,
        "",
        {"a": 1},
        {"a": "1"},
        {"a": 2},
        {"b": 1},
        [1, 2],
        [2, 1],
        {"a": {"b": 1}},
    ]
    assert len({config_hash(value) for value in values}) == len(values)
    assert len({itemless_key(value) for value in values}) == len(values)
    assert config_hash("a", "b") != config_hash("ab", "")

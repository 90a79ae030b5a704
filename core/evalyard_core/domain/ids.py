"""Identifiers: 24 hexadecimal digits, in order of creation to the millisecond."""

import base64
import binascii
import hashlib
import itertools
import os
import secrets
import time
from typing import Any, Final

import orjson

_process = secrets.token_hex(3)
_counter: Final = itertools.count(secrets.randbelow(1 << 23))


def new_id() -> str:
    """Return an identifier that sorts after those made in earlier milliseconds; unique over processes and machines."""
    return f"{time.time_ns() // 1_000_000:012x}{_process}{next(_counter) & 0xFFFFFF:06x}"


def _become_another_process() -> None:
    global _process  # noqa: PLW0603 - a forked child counts on from where its parent is, and needs another name
    _process = secrets.token_hex(3)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_become_another_process)


def record_id(run_id: str, item_id: str, trial: int) -> str:
    """Return the one identifier that the record of (run, item, trial) can have."""
    return f"{run_id}.{item_id}.{trial}"


def itemless_key(value: Any) -> str:
    """Return what stands for the item in the id of a submitted record that has none: a digest of its input."""
    return "~" + hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def item_id_of_trace(dataset_id: str, trace: str) -> str:
    """Return the one identifier that the item of a dataset which is made from a trace can have."""
    return hashlib.blake2b(f"{dataset_id}/{trace}".encode(), digest_size=12).hexdigest()


def run_of_record(identifier: str) -> str:
    """Return the run id that a record id begins with."""
    return identifier.partition(".")[0]


def case_of_record(identifier: str) -> str:
    """Return what stands for the item, or the input, in a record id; equal for all runs and trials of it."""
    return identifier.split(".", 2)[1]


def config_hash(*parts: Any) -> str:
    """Return 16 hexadecimal digits that are equal for equal JSON, whatever the order of keys."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def global_id(kind: str, raw: str) -> str:
    """Return the id by which the API knows an object of a type, as Relay wants it."""
    return base64.b64encode(f"{kind}:{raw}".encode()).decode()


def read_global_id(text: str) -> tuple[str, str] | None:
    """Return the type and the raw id in what the API gave out, or None where it is no id."""
    try:
        kind, _, raw = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (kind, raw) if raw else None

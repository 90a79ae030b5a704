"""Datasets and their items."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .evaluators import Threshold, VariableMapping
from .gates.policy import GatePolicy
from .payload import Json


class ItemSource(StrEnum):
    """Where an item came from."""

    MANUAL = "MANUAL"
    TRACE = "TRACE"
    IMPORT = "IMPORT"
    API = "API"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedEvaluator:
    """An evaluator that future runs of the dataset use; an empty mapping and no threshold mean the evaluator's own."""

    evaluator_id: str
    mapping: tuple[VariableMapping, ...] = ()
    threshold: Threshold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A versioned collection of items; `version` grows by one with each change of the items."""

    id: str
    project_id: str
    name: str
    description: str
    tags: tuple[str, ...]
    input_schema: Json
    version: int
    item_count: int
    next_seq: int
    evaluators: tuple[AttachedEvaluator, ...]
    created_at: datetime
    updated_at: datetime
    gate_policy: GatePolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationError:
    """Where an item's input breaks the dataset's schema; `path` is a JSON path such as `$.question`."""

    path: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One case as it stands from dataset version `since` on.

    `key` is the caller's own name for it: a dataset version has one item of a key at most, and it never changes.
    """

    id: str
    dataset_id: str
    project_id: str
    seq: int
    since: int
    input: Json
    expected_output: Json
    metadata: Json
    tags: tuple[str, ...]
    source: ItemSource
    validation_errors: tuple[ValidationError, ...]
    created_at: datetime
    updated_at: datetime
    source_trace_id: str | None = None
    key: str | None = None

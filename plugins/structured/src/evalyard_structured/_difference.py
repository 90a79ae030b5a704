"""How two JSON documents differ, as DeepDiff finds it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

from pydantic import AfterValidator, Field

from evalyard import Config, EvaluationError, Skip
from evalyard.values import NO_REFERENCE, show
from evalyard_structured._documents import NotJsonError, as_deepdiff_path, name_place, read_document

if TYPE_CHECKING:
    from deepdiff import DeepDiff
    from deepdiff.model import DiffLevel

#: Looking for the nearest partner of each member of a list takes time that grows with the square of its length.
_MOST_COMPARISONS: Final = 20_000
#: Texts that no document has, which stand for true and false while documents are compared.
_TRUTHS: Final = {truth: f"\x00{uuid4().hex}{truth}".lower() for truth in (True, False)}
_BOOLEANS: Final = {text: truth for truth, text in _TRUTHS.items()}
_TOO_DEEP: Final = "The output, or what was expected, is nested too deep to be compared."


def _check_paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        as_deepdiff_path(path)
    return paths


class DifferenceConfig(Config):
    """What differences do not count, and how outputs are read."""

    absolute_tolerance: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="How far a number may be from the expected one."
    )
    relative_tolerance: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="How far it may be, as a share of the expected number (0.01 is one per cent).",
    )
    ignore_order: bool = Field(False, description="Whether the order of lists does not count.")
    ignore_case: bool = Field(False, description="Whether upper and lower case are the same, in keys too.")
    ignore_paths: Annotated[tuple[str, ...], AfterValidator(_check_paths)] = Field(
        (), description="Places that do not count, such as $.id, $.answers[0], $.answers[*].id or $..created_at."
    )
    parse_text: bool = Field(
        True, description="Whether a text is read as JSON, within a Markdown code block if there is one."
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What DeepDiff found: each difference in words, by place, and DeepDiff's distance from 0 to 1."""

    told: tuple[str, ...]
    distance: float


class Comparison:
    """Compares documents as a config says."""

    def __init__(self, config: DifferenceConfig) -> None:
        # It imports pandas and polars where they are installed, for a second: only those who use it pay for that.
        from deepdiff import DeepDiff  # noqa: PLC0415

        self._config = config
        self._compare = DeepDiff
        self._options: dict[str, Any] = {
            "view": "tree",
            "ignore_order": config.ignore_order,
            "report_repetition": True,
            # Objects with few keys in common are told key by key too; as a whole they have a distance of 0 at times.
            "threshold_to_diff_deeper": 0,
            "ignore_private_variables": False,
            "ignore_string_case": config.ignore_case,
            "exclude_paths": [as_deepdiff_path(path) for path in config.ignore_paths] or None,
            "custom_operators": [_Numbers(config.absolute_tolerance, config.relative_tolerance)],
        }
        self._in_any_order = {**self._options, "max_diffs": _MOST_COMPARISONS} if config.ignore_order else None
        self._tolerant = bool(config.absolute_tolerance or config.relative_tolerance)
        if self._in_any_order and self._tolerant:
            # Otherwise members of a list that differ within the tolerance may find no partner.
            self._in_any_order |= {"cutoff_distance_for_pairs": 1, "cutoff_intersection_for_pairs": 1}

    def read_expected(self, expected: Any) -> Any:
        """Read the expected document; raises Skip where there is none, EvaluationError for a text that is no JSON."""
        if expected is None:
            raise Skip(NO_REFERENCE)
        try:
            return self.read(expected)
        except NotJsonError as error:
            raise EvaluationError(
                f"The expected output is no JSON: {error}. Correct it, or turn parse_text off."
            ) from error

    def read(self, value: Any) -> Any:
        """Read a document; raises NotJsonError."""
        read = read_document(value) if self._config.parse_text and isinstance(value, str) else value
        try:
            return _comparable(read)
        except RecursionError as error:
            raise EvaluationError(_TOO_DEEP) from error

    def differ(self, expected: Any, output: Any, *, measure: bool = False) -> Difference:
        """Compare two documents, and `measure` how far they are from each other; raises EvaluationError."""
        try:
            found = self._found(expected, output, measure=measure)
        except RecursionError as error:
            raise EvaluationError(_TOO_DEEP) from error
        levels = {kind: found[kind] for kind in found if kind != "deep_distance"}
        told = tuple(sorted(_tell(kind, level) for kind, group in levels.items() for level in group))
        return Difference(told, float(found["deep_distance"]) if told and measure else 0.0)

    def _found(self, expected: Any, output: Any, *, measure: bool) -> "DeepDiff":
        if self._in_any_order is None:
            return self._compare(expected, output, get_deep_distance=measure, **self._options)
        found = self._compare(expected, output, get_deep_distance=measure, **self._in_any_order)
        if not found.get_stats()["MAX DIFF LIMIT REACHED"]:  # type: ignore[no-untyped-call]
            return found
        if self._tolerant:
            raise EvaluationError(
                "The lists are too long to be compared in any order within a tolerance: leave one of the two out."
            )
        # Without a tolerance, partners only serve to tell differences in detail.
        return self._compare(
            expected, output, get_deep_distance=measure, cutoff_intersection_for_pairs=0, **self._options
        )


class _Numbers:
    """Tells DeepDiff which numbers are equal: by value and within the tolerances."""

    def __init__(self, absolute: float, relative: float) -> None:
        self._absolute = Decimal(str(absolute))
        self._relative = Decimal(str(relative))

    def match(self, level: "DiffLevel") -> bool:
        return _is_number(level.t1) and _is_number(level.t2)

    def give_up_diffing(self, level: "DiffLevel", diff_instance: object) -> bool:  # noqa: ARG002 - DeepDiff's signature
        """Tell whether the two are equal, so that there is nothing to report."""
        return bool(level.t1 == level.t2 or self._are_near(level.t1, level.t2))

    def _are_near(self, expected: float, given: float) -> bool:
        """Compare in decimal arithmetic, in which 1.01 is within 0.01 of 1."""
        if not (math.isfinite(expected) and math.isfinite(given)):
            return False
        wanted = Decimal(str(expected))
        return abs(wanted - Decimal(str(given))) <= max(self._absolute, self._relative * abs(wanted))

    @staticmethod
    def normalize_value_for_hashing(parent: object, obj: Any) -> Any:  # noqa: ARG004 - DeepDiff's signature
        """Leave a value as it is: DeepDiff asks for it where lists are compared in any order."""
        return obj


def _comparable(value: Any) -> Any:
    """Write 1.0 as 1, and true as a text of its own: DeepDiff holds apart the former and not always true and 1."""
    if isinstance(value, bool):
        return _TRUTHS[value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_comparable(part) for part in value]
    if isinstance(value, dict):
        return {key: _comparable(part) for key, part in value.items()}
    return value


def _original(value: Any) -> Any:
    if isinstance(value, list):
        return [_original(part) for part in value]
    if isinstance(value, dict):
        return {key: _original(part) for key, part in value.items()}
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


def _show(value: Any) -> str:
    return show(_original(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tell(kind: str, level: "DiffLevel") -> str:
    place = name_place(level.path(output_format="list"))
    if kind.endswith("_added"):
        return f"{place} is {_show(level.t2)}, and should not be there"
    if kind.endswith("_removed"):
        return f"{place} is missing: {_show(level.t1)}"
    if kind == "repetition_change":
        times: Mapping[str, int] = level.additional["repetition"]
        return f"{place} is there {times['new_repeat']} times, not {times['old_repeat']}: {_show(level.t1)}"
    return f"{place} is {_show(level.t2)}, not {_show(level.t1)}"

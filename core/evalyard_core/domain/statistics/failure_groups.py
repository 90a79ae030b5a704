"""What the records that fail have in common."""

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .corrections import holm
from .levels import LEVEL

#: A kind ("tag", "error code") and a value of it.
Feature = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Records that share a feature, and fail more often than the others.

    `strength` is 0 where they fail no more often and 1 where they are exactly those that fail; `p_value` is corrected
    for all features that were looked at.
    """

    kind: str
    value: str
    count: int
    failed: int
    failure_rate: float
    other_failure_rate: float
    strength: float
    p_value: float


@dataclass(frozen=True, slots=True)
class _Table:
    """A feature against failure, in counts."""

    with_feature: int
    failed_with: int
    failed: int
    total: int

    @property
    def failure_rate(self) -> float:
        return self.failed_with / self.with_feature

    @property
    def other_failure_rate(self) -> float:
        return (self.failed - self.failed_with) / (self.total - self.with_feature)

    @property
    def most_failures(self) -> int:
        return min(self.with_feature, self.failed)


def failure_groups(records: Iterable[tuple[bool, Collection[Feature]]], level: float = LEVEL) -> list[FailureGroup]:
    """Return what failing records share, given of each record whether it failed and its features; strongest first.

    A record is one of its kind: give one for an item with trials, or they would count as so many items. Features that
    could not be significant at `level` even if every record with them failed are neither returned nor corrected for
    (R. E. Tarone, "A modified Bonferroni method for discrete data", Biometrics 46, 1990); nor is one of all records.

    `strength` is the phi coefficient (G. U. Yule, "On the methods of measuring association between two attributes",
    JRSS 75, 1912), the p value that of Fisher's exact test against failing no more often, corrected by Holm.
    """
    tables = _tables(records, level)
    p_values = holm([fisher_p(t.failed_with, t.with_feature, t.failed, t.total) for t in tables.values()])
    groups = [
        FailureGroup(
            kind=feature[0],
            value=feature[1],
            count=table.with_feature,
            failed=table.failed_with,
            failure_rate=table.failure_rate,
            other_failure_rate=table.other_failure_rate,
            strength=_phi(table),
            p_value=p_value,
        )
        for (feature, table), p_value in zip(tables.items(), p_values, strict=True)
        if table.failure_rate > table.other_failure_rate
    ]
    return sorted(groups, key=lambda group: (-group.strength, -group.count, group.kind, group.value))


def fisher_p(failed_with: int, with_feature: int, failed: int, total: int) -> float:
    """Return the chance that of `with_feature` records, drawn from `total`, so many or more are among the `failed`.

    Fisher's exact test, one-sided: R. A. Fisher, "The logic of inductive inference", JRSS 98 (1935).
    """
    counts = np.arange(failed_with, min(with_feature, failed) + 1)
    logs = (
        _log_choose(failed, counts)
        + _log_choose(total - failed, with_feature - counts)
        - _log_choose(total, np.array([with_feature]))
    )
    return min(1.0, math.fsum(np.exp(logs)))


def _tables(records: Iterable[tuple[bool, Collection[Feature]]], level: float) -> dict[Feature, _Table]:
    counted: Counter[Feature] = Counter()
    failures: Counter[Feature] = Counter()
    total = failed = 0
    for has_failed, features in records:
        total += 1
        failed += has_failed
        counted.update(set(features))
        if has_failed:
            failures.update(set(features))
    tables = {
        feature: _Table(with_feature=count, failed_with=failures[feature], failed=failed, total=total)
        for feature, count in counted.items()
        if count < total
    }
    return {feature: table for feature, table in sorted(tables.items()) if _lowest_p(table) <= 1 - level}


def _lowest_p(table: _Table) -> float:
    return fisher_p(table.most_failures, table.with_feature, table.failed, table.total)


def _phi(table: _Table) -> float:
    covariance = table.failed_with * table.total - table.with_feature * table.failed
    return covariance / math.sqrt(
        table.with_feature * (table.total - table.with_feature) * table.failed * (table.total - table.failed)
    )


def _log_choose(total: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    return gammaln(total + 1) - gammaln(chosen + 1) - gammaln(total - chosen + 1)

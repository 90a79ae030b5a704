"""What the failing cases of a run share, and how strongly it goes with failing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from . import statistics
from .statistics.levels import LEVEL

#: A single failing case shares nothing.
_FEWEST_FAILURES: Final = 2


class FailureTrait(StrEnum):
    """What cases can share."""

    TAG = "TAG"  #: a tag of the item
    METADATA = "METADATA"  #: a plain value at the top of the metadata
    ERROR = "ERROR"  #: the code of the error for which there is no output
    FAILED_SCORE = "FAILED_SCORE"  #: an evaluator whose score did not pass
    ERRORED_SCORE = "ERRORED_SCORE"  #: an evaluator whose score could not be computed


#: What cases have whether they fail or not; the other kinds are failing itself.
_INDEPENDENT: Final = frozenset({FailureTrait.TAG, FailureTrait.METADATA})


class Trait(NamedTuple):
    """Something that a case has: a tag, a facet, an error code or an evaluator's id."""

    kind: FailureTrait
    value: str


class Traits(NamedTuple):
    """What a record with a verdict has, and whether it failed or errored; `case` is what stands for its case."""

    case: str
    is_failure: bool
    traits: Sequence[Trait]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failing cases that share a trait; `share` is that of all failing cases.

    `strength`, 0 to 1, is that of the association between the trait and failing, and `p_value` how likely chance alone
    makes one so strong, as one of all tags and values that were looked at. An error or a failed score is failing
    itself: it has neither, nor a rate elsewhere.
    """

    trait: Trait
    failed: int
    cases: int
    failure_rate: float
    failure_rate_elsewhere: float | None = None
    share: float
    strength: float | None = None
    p_value: float | None = None

    @property
    def rank(self) -> float:
        """How soon a person should see it: what is no chance find first, then failing itself, then the others."""
        if self.strength is None or self.p_value is None:
            return 1.0 + self.share
        return self.strength + (2.0 if self.p_value <= 1 - LEVEL else 0.0)

    @property
    def key(self) -> str:
        """What tells it from the others of its run."""
        return f"{self.trait.kind} {self.trait.value}"


def failure_groups(records: Iterable[Traits]) -> list[FailureGroup]:
    """Return the groups of two or more failing cases, the highest rank first.

    The trials of a case count once: it fails if any of them does, and has what any of them has. A tag or value with
    which cases fail no more often than without it is left out.
    """
    cases = _by_case(records)
    failed = sum(case.is_failure for case in cases)
    groups = (*_associated(cases, failed), *_of_failing(cases, failed))
    shown = [group for group in groups if group.failed >= _FEWEST_FAILURES]
    return sorted(shown, key=lambda group: (group.rank, group.key), reverse=True)


def _by_case(records: Iterable[Traits]) -> list[Traits]:
    cases: dict[str, Traits] = {}
    for record in records:
        other = cases.get(record.case)
        cases[record.case] = record if other is None else _merged(other, record)
    return list(cases.values())


def _merged(one: Traits, other: Traits) -> Traits:
    return Traits(one.case, one.is_failure or other.is_failure, [*one.traits, *other.traits])


def _associated(cases: Sequence[Traits], failed: int) -> Iterator[FailureGroup]:
    features = ((case.is_failure, {trait for trait in case.traits if trait.kind in _INDEPENDENT}) for case in cases)
    for group in statistics.failure_groups(features):
        yield FailureGroup(
            trait=Trait(FailureTrait(group.kind), group.value),
            failed=group.failed,
            cases=group.count,
            failure_rate=group.failure_rate,
            failure_rate_elsewhere=group.other_failure_rate,
            share=group.failed / failed,
            strength=group.strength,
            p_value=group.p_value,
        )


def _of_failing(cases: Sequence[Traits], failed: int) -> Iterator[FailureGroup]:
    having, failing = _counts(cases)
    for trait, count in failing.items():
        yield FailureGroup(
            trait=trait, failed=count, cases=having[trait], failure_rate=count / having[trait], share=count / failed
        )


def _counts(cases: Sequence[Traits]) -> tuple[Mapping[Trait, int], Mapping[Trait, int]]:
    """Return how many cases, and how many failing ones, have each trait that is failing itself."""
    having: Counter[Trait] = Counter()
    failing: Counter[Trait] = Counter()
    for case in cases:
        own = {trait for trait in case.traits if trait.kind not in _INDEPENDENT}
        having.update(own)
        if case.is_failure:
            failing.update(own)
    return having, failing

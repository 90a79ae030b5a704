"""What came of one call."""

from typing import NamedTuple

from evalyard_core.domain.records import Outcome, Record


class Called(NamedTuple):
    """A record as it was read, and what calling its system gave."""

    record: Record
    outcome: Outcome

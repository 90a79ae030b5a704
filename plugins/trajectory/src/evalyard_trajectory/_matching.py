"""Which calls are the expected ones."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalyard_trajectory._trace import ToolCall

Arguments = Literal["equal", "contain", "ignore"]


@dataclass(frozen=True, slots=True)
class Matching:
    """The expected calls that no call answers, and the calls that answer none."""

    missing: Sequence[ToolCall]
    extra: Sequence[ToolCall]
    matched: int


def fits(made: ToolCall, expected: ToolCall, arguments: Arguments) -> bool:
    """Tell whether a call is the expected one: by name, and as `arguments` says by what it was called with."""
    if made.name != expected.name:
        return False
    if arguments == "ignore" or expected.arguments is None:
        return True
    given = {} if made.arguments is None else made.arguments
    return _contains(given, expected.arguments) if arguments == "contain" else _equal(given, expected.arguments)


def match_any_order(made: Sequence[ToolCall], expected: Sequence[ToolCall], arguments: Arguments) -> Matching:
    """Pair as many expected calls as can be with a call of their own, whatever the order.

    It is a maximum bipartite matching by augmenting paths (Kuhn 1955, Berge 1957), since one call may fit several
    expected ones, and the first that comes need not be the right one.
    """
    fitting = [[at for at, call in enumerate(made) if fits(call, wanted, arguments)] for wanted in expected]
    holder: dict[int, int] = {}
    for wanted in range(len(expected)):
        _augment(wanted, fitting, holder)
    held = set(holder.values())
    return Matching(
        missing=[call for at, call in enumerate(expected) if at not in held],
        extra=[call for at, call in enumerate(made) if at not in holder],
        matched=len(holder),
    )


def match_in_order(made: Sequence[ToolCall], expected: Sequence[ToolCall], arguments: Arguments) -> Matching:
    """Find the expected calls among the calls in their order; the first that is not found leaves the rest missing."""
    extra, found = [], 0
    for call in made:
        if found < len(expected) and fits(call, expected[found], arguments):
            found += 1
        else:
            extra.append(call)
    return Matching(missing=expected[found:], extra=extra, matched=found)


def _augment(wanted: int, fitting: Sequence[Sequence[int]], holder: dict[int, int]) -> None:
    """Give an expected call a call, moving others to calls that fit them too; breadth first, so without recursion."""
    came_by: dict[int, int] = {}
    waiting = deque([wanted])
    while waiting:
        current = waiting.popleft()
        for call in fitting[current]:
            if call in came_by:
                continue
            came_by[call] = current
            if call not in holder:
                _hand_over(call, wanted, came_by, holder)
                return
            waiting.append(holder[call])


def _hand_over(call: int, wanted: int, came_by: Mapping[int, int], holder: dict[int, int]) -> None:
    given = {taker: taken for taken, taker in holder.items()}
    while True:
        taker = came_by[call]
        holder[call] = taker
        if taker == wanted:
            return
        call = given[taker]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(part, other[key]) for key, part in one.items())
    return bool(one == other)


def _contains(given: Any, expected: Any) -> bool:
    """Tell whether all that is expected is there; objects may have more keys, at every level."""
    if isinstance(given, Mapping) and isinstance(expected, Mapping):
        return all(key in given and _contains(given[key], part) for key, part in expected.items())
    if isinstance(given, list) and isinstance(expected, list):
        return len(given) == len(expected) and all(map(_contains, given, expected))
    return _equal(given, expected)

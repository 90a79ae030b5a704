"""Which media type a client wants: RFC 9110, section 12.5.1."""

from collections.abc import Sequence
from typing import NamedTuple


class _Range(NamedTuple):
    media_type: str
    quality: float
    place: int

    def specificity(self, offered: str) -> int:
        """Return how exactly this range names a type: 2 in full, 1 its family, 0 anything, -1 not at all."""
        family = offered.partition("/")[0]
        return {offered: 2, f"{family}/*": 1, "*/*": 0}.get(self.media_type, -1)


def negotiate(accept: str, offers: Sequence[str]) -> str | None:
    """Return the offer that an `Accept` header prefers, or None where it allows none.

    Quality decides; then what is named over what is only allowed by a wildcard, what is named first, and the order of
    the offers.
    """
    ranges = _parse(accept)
    best: tuple[float, int, int] | None = None
    chosen = None
    for offer in offers:
        named = max(ranges, key=lambda entry: (entry.specificity(offer), -entry.place), default=None)
        if named is None or named.specificity(offer) < 0 or named.quality <= 0:
            continue
        rank = (named.quality, named.specificity(offer), -named.place)
        if best is None or rank > best:
            best, chosen = rank, offer
    return chosen


def _parse(accept: str) -> list[_Range]:
    ranges = []
    for place, part in enumerate(accept.split(",")):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_type:
            ranges.append(_Range(media_type, _quality(parameters), place))
    return ranges


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0

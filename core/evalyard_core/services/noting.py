"""What people note about records and spans, before it is stored."""

from typing import Any, Final

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name, check_range, check_text
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.records import Annotation

#: Of one record or span: one document holds them, and that has an end.
MOST_ANNOTATIONS: Final = 100
MOST_NAMED_SCORES: Final = 50
_MOST_VALUE_BYTES: Final = 100_000


def new_annotation(actor: Actor, rating: int | None, comment: str | None) -> Annotation:
    """Return what somebody notes, or refuse it."""
    said = comment if comment and comment.strip() else None
    if rating is None and said is None:
        raise BadInput("Give a rating, a comment, or both.", field="comment")
    return Annotation(
        id=new_id(),
        author=actor.name,
        created_at=now(),
        rating=None if rating is None else check_range(rating, 1, 5, field="rating"),
        comment=None if said is None else check_text(said, field="comment"),
    )


def check_value(value: Any) -> None:
    """Refuse what can be no value of a person's score."""
    payload_size(value, field="input.value", most=_MOST_VALUE_BYTES)


def own_name(name: str | None, *, remedy: str) -> str:
    """Return the name of a score that is for no evaluator, or refuse it with a remedy."""
    if not name:
        raise BadInput(remedy, field="input.name")
    return check_name(name, field="input.name")

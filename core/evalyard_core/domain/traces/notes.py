"""What people say of spans."""

from dataclasses import dataclass, replace

from evalyard_core.domain.records import Annotation, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanNotes:
    """What people have said of one span: its scores, those that they replaced, newest first, and annotations.

    Its id is the span's. It is kept apart from the span, which its application may send again.
    """

    id: str
    project_id: str
    trace: str
    scores: tuple[Score, ...] = ()
    replaced: tuple[Score, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def scored(self, score: Score) -> "SpanNotes":
        """Return these with a score, which takes the place of the one of its name."""
        old = tuple(entry for entry in self.scores if entry.key == score.key)
        kept = tuple(entry for entry in self.scores if entry.key != score.key)
        return replace(self, scores=(*kept, score), replaced=(*old, *self.replaced))

"""Evaluator plugins by key, out of the library."""

from collections.abc import Mapping, Sequence

from evalyard_core.domain.plugins import EvaluatorPlugin
from evalyard_core.services.library import Library

from .by_id import ById, by_id


def plugin_loader(library: Library, *, cache: bool) -> ById[EvaluatorPlugin]:
    """Return a loader that looks at the library once."""

    async def get_many(_: Sequence[str]) -> Mapping[str, EvaluatorPlugin]:
        return (await library.catalogue()).evaluators

    return by_id(get_many, cache=cache)

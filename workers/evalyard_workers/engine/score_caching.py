"""Using scores again that an earlier run has paid for, instead of asking an evaluator.

What all evaluators of a run are to say of a batch of records is looked up in one round trip.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple, Self

from evalyard_core.domain.caching import evaluator_digest, variables_key
from evalyard_core.domain.mapping import Context, Missing, read_variables
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Score, ScoreStatus
from evalyard_core.domain.runs import Run
from evalyard_core.domain.scores import used_again
from evalyard_core.storage import Store
from evalyard_core.storage.score_cache import CachedScores
from evalyard_workers.plugins.host import ReadyEvaluator

from .patience import patiently

#: What is made faster than this, and at no cost, is made anew: looking it up would take as long.
_QUICK_MS: Final = 50.0


#: One evaluator's scores of the record at one place of a batch.
Slot = tuple[str, int]


class Asked(NamedTuple):
    """What one evaluator is to score, by the places in a batch; `anew` where earlier scores are not to be used."""

    evaluator: ReadyEvaluator
    contexts: Mapping[int, Context]
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of the scores of one batch, and by which keys later runs are to find the others."""

    keys: Mapping[Slot, str]
    there: Mapping[Slot, CachedScores]

    async def scores(
        self,
        evaluator: ReadyEvaluator,
        places: Sequence[int],
        *,
        ask: Callable[[Sequence[int]], Awaitable[Sequence[Sequence[Score]]]],
    ) -> list[Sequence[Score]]:
        """Return what an evaluator says of the records at these places; `ask` makes what is not there, in one call."""
        snapshot, moment = evaluator.snapshot, now()
        slots = [(snapshot.evaluator_id, place) for place in places]
        lacking = [place for place, slot in zip(places, slots, strict=True) if slot not in self.there]
        made = iter(await ask(lacking) if lacking else ())
        return [
            used_again(cached.scores, snapshot, cached.record_id, moment)
            if (cached := self.there.get(slot))
            else _kept(next(made), self.keys.get(slot), evaluator)
            for slot in slots
        ]


NOTHING_KNOWN: Final = Known({}, {})


class ScoreCache:
    """The scores that the evaluators of one run may use again."""

    def __init__(self, store: Store, project_id: str, *, max_age_seconds: float) -> None:
        """With an age of 0 everything is scored anew."""
        self._store = store
        self._project_id = project_id
        self._max_age = timedelta(seconds=max_age_seconds)

    @classmethod
    def of(cls, run: Run, store: Store) -> Self | None:
        """Return the cache of a run, None where it asks for none."""
        max_age = run.settings.cache.scores_max_age_seconds
        return None if max_age is None else cls(store, run.project_id, max_age_seconds=max_age)

    async def known(self, asked: Sequence[Asked]) -> Known:
        """Look up what there is of the scores of a batch, in one round trip."""
        keys = {slot: key for one in asked for slot, key in _keys(one)}
        anew = {one.evaluator.snapshot.evaluator_id for one in asked if one.anew}
        wanted = {slot: key for slot, key in keys.items() if slot[0] not in anew}
        found = await self._found(list(dict.fromkeys(wanted.values())))
        return Known(keys, {slot: found[key] for slot, key in wanted.items() if key in found})

    async def _found(self, keys: Sequence[str]) -> Mapping[str, CachedScores]:
        if not keys or not self._max_age:
            return {}
        look_up = partial(self._store.score_cache.newest, self._project_id, keys, since=now() - self._max_age)
        return await patiently(look_up)


def _keys(one: Asked) -> Iterator[tuple[Slot, str]]:
    """Yield the key of each score; of a record in which nothing is to be scored there is none."""
    snapshot = one.evaluator.snapshot
    digest = evaluator_digest(
        snapshot.plugin, one.evaluator.version, snapshot.config_hash, has_threshold=snapshot.threshold is not None
    )
    for place, context in one.contexts.items():
        key = _key(one.evaluator, digest, context)
        if key is not None:
            yield (snapshot.evaluator_id, place), key


def _key(evaluator: ReadyEvaluator, digest: str, context: Context) -> str | None:
    try:
        return variables_key(digest, read_variables(evaluator.readers, context))
    except Missing:
        return None


def _kept(scores: Sequence[Score], key: str | None, evaluator: ReadyEvaluator) -> Sequence[Score]:
    """Return scores that were just made, with the key by which later runs find them."""
    if key is None or not is_worth_keeping(scores):
        return scores
    if scores[0].plugin_version != evaluator.version:
        # The plugin's own process has been upgraded: what the key is made of was not what scored.
        return scores
    return tuple(replace(score, cache_key=key) for score in scores)


def is_worth_keeping(scores: Sequence[Score]) -> bool:
    """Tell whether making these scores of one evaluator took money, tokens or time; what failed is never kept."""
    if any(score.status is not ScoreStatus.OK for score in scores):
        return False
    return any(score.cost_usd or score.tokens or (score.duration_ms or 0.0) >= _QUICK_MS for score in scores)

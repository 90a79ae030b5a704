"""Using outputs again that an earlier run has paid for, instead of calling the system.

Records are looked up together, in one round trip; a run that does not ask for it looks nothing up and leaves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from evalyard_core.domain.caching import CachedAnswer, answer_key, system_digest
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Record, Retrying
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store
from evalyard_core.storage.answer_cache import FoundAnswers

from .calling import Caller
from .patience import patiently


def caching(caller: Caller, store: Store, run: Run, *, target_version: str) -> "Caller | CachingCaller":
    """Return what gives the outputs of a run that calls a system: a caller that uses outputs again, where it asks."""
    max_age, system = run.settings.cache.answers_max_age_seconds, run.called_system
    if max_age is None or system is None:
        return caller
    digest = system_digest(system.target, target_version, system.config)
    return CachingCaller(caller, store, run.project_id, system=digest, max_age_seconds=max_age)


class CachingCaller:
    """Gives each record of a run the output that there is for the same question, else what calling the system gives."""

    def __init__(self, caller: Caller, store: Store, project_id: str, *, system: str, max_age_seconds: float) -> None:
        """`system` is the digest of what answers; with an age of 0 everything is asked anew."""
        self._caller = caller
        self._store = store
        self._project_id = project_id
        self._system = system
        self._max_age = timedelta(seconds=max_age_seconds)
        # All by the ids of records that were prepared and not asked for yet.
        self._keys: dict[str, str] = {}
        self._answers: dict[str, CachedAnswer] = {}
        self._unread: set[str] = set()

    @property
    def retrying(self) -> Mapping[str, Retrying]:
        """What is known of records that were left before a call for them gave an output."""
        return self._caller.retrying

    @property
    def wait_seconds(self) -> float:
        """How long the system can't be called, as far as is known."""
        return self._caller.wait_seconds

    def stop(self) -> None:
        """Begin no more calls; those under way are finished."""
        self._caller.stop()

    async def prepare(self, records: Sequence[Record]) -> None:
        """Look up what there is for these records, as far as it is not too large to be held."""
        keys = {record.id: self._key(record) for record in records}
        self._keys |= keys
        if self._max_age:
            found = await self._found(list(dict.fromkeys(keys.values())))
            self._answers |= {name: found.answers[key] for name, key in keys.items() if key in found.answers}
            if not found.complete:
                self._unread |= keys.keys() - self._answers.keys()

    async def outcome(self, record: Record) -> Outcome | None:
        """Return the output of a prepared record at no cost and without a latency, or what a call gives, if any."""
        key, answer = self._keys.pop(record.id), self._answers.pop(record.id, None)
        if record.id in self._unread:
            self._unread.remove(record.id)
            answer = (await self._found([key])).answers.get(key)
        if answer is not None:
            return _used_again(answer, record)
        outcome = await self._caller.outcome(record)
        return outcome if outcome is None or outcome.error is not None else replace(outcome, cache_key=key)

    async def flush(self) -> None:
        """Store the spans of the calls that were made."""
        await self._caller.flush()

    def _key(self, record: Record) -> str:
        return answer_key(self._system, input=record.input, metadata=record.metadata, trial=record.trial)

    async def _found(self, keys: Sequence[str]) -> FoundAnswers:
        look_up = partial(self._store.answer_cache.newest, self._project_id, keys, since=now() - self._max_age)
        return await patiently(look_up)


def _used_again(answer: CachedAnswer, record: Record) -> Outcome:
    """Return an outcome for which nobody was called; it can't be used again itself, so that it never looks younger."""
    moment = now()
    return Outcome(
        output=answer.output,
        response=answer.response,
        attempts=record.attempts,
        cost_usd=0.0,
        prompt_tokens=0,
        completion_tokens=0,
        trace_id=answer.trace_id,
        cached_from=answer.origin,
        started_at=moment,
        finished_at=moment,
    )

"""Outputs and scores that were paid for once, and are used again: what a run may use, and what tells them apart."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import orjson

from .limits import check_range

LONGEST_AGE_SECONDS: Final = 366 * 86_400.0
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCache:
    """How old, in seconds, what a run uses again may be; None where it uses nothing, and leaves nothing to use.

    With 0 a run uses nothing either, but what it pays for may be used by later ones.
    """

    answers_max_age_seconds: float | None = None
    scores_max_age_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOrigin:
    """The record for which a system was called, and what answering took there, where another one has its output."""

    record_id: str
    attempts: int = 1
    latency_ms: float | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedAnswer:
    """An output that may be used again, with what its target said of it."""

    output: Any
    response: Any
    trace_id: str | None
    origin: AnswerOrigin


def check_cache(cache: RunCache, *, field: str) -> None:
    """Refuse ages that nothing has."""
    if cache.answers_max_age_seconds is not None:
        check_range(cache.answers_max_age_seconds, 0.0, LONGEST_AGE_SECONDS, field=f"{field}.answersMaxAgeSeconds")
    if cache.scores_max_age_seconds is not None:
        check_range(cache.scores_max_age_seconds, 0.0, LONGEST_AGE_SECONDS, field=f"{field}.scoresMaxAgeSeconds")


def system_digest(target: str, target_version: str, config: Any) -> str:
    """Return what is equal for systems that answer alike: the same target plugin, its version and its config.

    Which system or version has that config does not matter.
    """
    return _digest(target, target_version, config)


def answer_key(system: str, *, input: Any, metadata: Any, trial: int) -> str:
    """Return what is equal for the same question to the same system; a target may read the metadata, too.

    Trials are there to see how answers differ, so that none is answered by another.
    """
    return _digest(system, input, metadata, trial)


def evaluator_digest(plugin: str, plugin_version: str, config_hash: str, *, has_threshold: bool) -> str:
    """Return what is equal for evaluators that say the same of the same values.

    Which threshold decides does not matter, since any is applied anew; whether one does, since without it the plugin
    decides.
    """
    return _digest(plugin, plugin_version, config_hash, has_threshold)


def variables_key(evaluator: str, variables: Any) -> str:
    """Return what is equal for the same values put to the same evaluator."""
    return _digest(evaluator, variables)


def _digest(*parts: Any) -> str:
    encoded = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(encoded, digest_size=_DIGEST_BYTES).hexdigest()

"""Scoring the records of a batch at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from evalyard import EvaluationError, Score, Skip

Scored: TypeAlias = Score | Skip | EvaluationError
"""What there is to say of one case of a batch."""


async def score_each(evaluate: Callable[..., Awaitable[Score]], cases: Sequence[Mapping[str, Any]]) -> list[Scored]:
    """Call `evaluate` for each case, all at once, and return what each gave or raised: the body of an `evaluate_batch`.

    The worker limits a batch as a whole, by the time for one score times its records. So a record that has to wait for
    others, or for a rate limit, is not given up for that; how long one may take is said by the endpoint's config.
    """
    return await asyncio.gather(*(_score(evaluate, case) for case in cases))


async def _score(evaluate: Callable[..., Awaitable[Score]], case: Mapping[str, Any]) -> Scored:
    try:
        return await evaluate(**case)
    except (EvaluationError, Skip) as declined:
        return declined
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this case's alone
        return EvaluationError(f"The evaluator raised {type(error).__name__}: {error}", code="EXCEPTION")

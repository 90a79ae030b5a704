"""Similarity by an endpoint's embeddings."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import Field

from evalyard import Evaluator, Score, ScoreType, Skip
from evalyard_openai import Answer, Endpoint, EndpointConfig, EndpointError, Usage
from evalyard_semantic._pairs import Case, Pair, apportion, read_pair, similarities, texts_of

#: Statuses by which endpoints refuse a text, for instance one that is too long.
_REFUSED: Final = frozenset({"HTTP_400", "HTTP_413", "HTTP_422"})


class EmbeddingSimilarityConfig(EndpointConfig):
    """An endpoint, and how many texts it takes at once."""

    max_texts: int = Field(
        256, ge=1, le=2048, description="The most texts that a request embeds; OpenAI takes 2,048 and 300,000 tokens."
    )


@dataclass(slots=True)
class _Embedded:
    """What a batch's texts were given: vectors, or why they have none."""

    vectors: dict[str, Sequence[float]] = field(default_factory=dict)
    errors: dict[str, EndpointError] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def error_of(self, pair: Pair) -> EndpointError | None:
        return self.errors.get(pair.output) or self.errors.get(pair.expected)


class EmbeddingSimilarity(Evaluator[EmbeddingSimilarityConfig]):
    """Measure how near the output is in meaning to the expected output, by the cosine of their embeddings.

    The cosine is from -1 to 1; what counts as near depends on the model. All records of a batch are embedded together,
    each text once, and share its tokens and its cost by the lengths of their texts.
    """

    score_type = ScoreType.NUMERIC

    def __init__(self, config: EmbeddingSimilarityConfig) -> None:
        super().__init__(config)
        self._endpoint = Endpoint(config)

    async def teardown(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def evaluate_batch(self, cases: Sequence[Case]) -> list[Score | Skip | EndpointError]:
        """Embed the texts and compare them; a text that the endpoint refuses costs the scores that need it."""
        read = [read_pair(case["output"], case["expected"]) for case in cases]
        pairs = [entry for entry in read if isinstance(entry, Pair)]
        scored = iter(await self._compare(pairs) if pairs else ())
        return [next(scored) if isinstance(entry, Pair) else entry for entry in read]

    async def _compare(self, pairs: Sequence[Pair]) -> list[Score | EndpointError]:
        embedded = await self._embed_all(texts_of(pairs))
        usable = [pair for pair in pairs if embedded.error_of(pair) is None]
        # In a thread, since vectors are long and the event loop is everybody's.
        values = await asyncio.to_thread(similarities, usable, embedded.vectors)
        scores = iter(self._scores(usable, values, embedded.answers) if usable else ())
        return [embedded.error_of(pair) or next(scores) for pair in pairs]

    async def _embed_all(self, texts: Sequence[str]) -> _Embedded:
        embedded, most = _Embedded(), self.config.max_texts
        parts = [texts[begin : begin + most] for begin in range(0, len(texts), most)]
        await asyncio.gather(*(self._embed(part, embedded) for part in parts))
        return embedded

    async def _embed(self, texts: Sequence[str], embedded: _Embedded) -> None:
        """Embed some texts; when they are refused, halve them until the one at fault is alone."""
        try:
            given = await self._endpoint.embed(texts)
        except EndpointError as error:
            if len(texts) == 1 or error.code not in _REFUSED:
                embedded.errors.update(dict.fromkeys(texts, error))
                return
            half = len(texts) // 2
            await asyncio.gather(self._embed(texts[:half], embedded), self._embed(texts[half:], embedded))
        else:
            embedded.vectors.update(zip(texts, given.vectors, strict=True))
            embedded.answers.append(given.answer)

    def _scores(self, pairs: Sequence[Pair], values: Sequence[float], answers: Sequence[Answer]) -> list[Score]:
        usages = _share(sum((answer.usage for answer in answers), Usage()), pairs)
        return [
            Score(
                value,
                explanation=pair.explanation,
                metadata={"model": answers[0].model},
                cost_usd=usage.cost_usd(self.config.prices),
                prompt_tokens=usage.prompt_tokens,
            )
            for pair, value, usage in zip(pairs, values, usages, strict=True)
        ]


def _share(usage: Usage, pairs: Sequence[Pair]) -> list[Usage]:
    if usage.prompt_tokens is None:
        return [usage] * len(pairs)
    weights = [len(pair.output) + len(pair.expected) for pair in pairs]
    return [Usage(prompt_tokens=share) for share in apportion(usage.prompt_tokens, weights)]

"""Similarity by a model that runs beside the worker."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType, Skip
from evalyard_semantic._pairs import Case, Pair, read_pair, similarities, texts_of

if TYPE_CHECKING:
    from model2vec import StaticModel


class LocalSimilarityConfig(Config):
    """Which model."""

    model: str = Field(
        min_length=1,
        max_length=1_000,
        description=(
            "A Model2Vec model: a folder on the worker's machine, or a name on the Hugging Face hub, such as "
            "minishlab/potion-base-8M, from which it is downloaded once."
        ),
    )


class LocalSimilarity(Evaluator[LocalSimilarityConfig]):
    """Measure how near the output is in meaning to the expected output, by a small local model.

    The model is one of static embeddings (https://github.com/MinishLab/model2vec): the mean of its tokens' vectors, so
    the order of words does not count, and text beyond the model's `max_length` (512 tokens unless it says otherwise) is
    left out. Needs the extra `local`.
    """

    score_type = ScoreType.NUMERIC

    def __init__(self, config: LocalSimilarityConfig) -> None:
        super().__init__(config)
        self._model: StaticModel | None = None

    def setup(self) -> None:
        """Load the model; raises EvaluationError where Model2Vec is not installed or the model can't be had."""
        try:
            from model2vec import StaticModel  # noqa: PLC0415 - an extra, and half a second to import
        except ImportError as error:
            raise EvaluationError(
                'A local model needs Model2Vec: run `pip install "evalyard-semantic[local]"` beside the worker.',
                code="EXTRA_MISSING",
            ) from error
        try:
            self._model = StaticModel.from_pretrained(self.config.model)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
            raise EvaluationError(
                f"The model {self.config.model} can't be loaded ({reason}): name a folder with a Model2Vec model, or "
                "one on the Hugging Face hub that the worker can reach.",
                code="MODEL_MISSING",
            ) from error

    def teardown(self) -> None:
        """Let the model go."""
        self._model = None

    def evaluate_batch(self, cases: Sequence[Case]) -> list[Score | Skip]:
        """Embed the texts and compare them."""
        read = [read_pair(case["output"], case["expected"]) for case in cases]
        pairs = [entry for entry in read if isinstance(entry, Pair)]
        values = iter(similarities(pairs, self._embed(texts_of(pairs))) if pairs else ())
        return [_score(entry, next(values)) if isinstance(entry, Pair) else entry for entry in read]

    def _embed(self, texts: Sequence[str]) -> dict[str, Sequence[float]]:
        if self._model is None:
            raise EvaluationError("The model is not loaded: call setup first.", code="NOT_SET_UP")
        # The tokenizer takes no half of a surrogate pair.
        sent = [text.encode("utf-8", "replace").decode() for text in texts]
        vectors = self._model.encode(sent, use_multiprocessing=False).astype(float).tolist()
        return dict(zip(texts, vectors, strict=True))


def _score(pair: Pair, value: float) -> Score:
    return Score(value, explanation=pair.explanation)

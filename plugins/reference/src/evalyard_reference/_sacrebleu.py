"""What BLEU, chrF and TER have in common: sacreBLEU computes them, of a record or of a run."""

from collections.abc import Iterable
from typing import Any, Generic

from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.base import Score as SacreScore
from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp
from typing_extensions import TypeVar

from evalyard import Config, Evaluator, Score, ScoreType
from evalyard.values import NO_OUTPUT
from evalyard_reference._texts import Case, Output, References, read_hypothesis, read_pairs, read_references


class MetricConfig(Config):
    """The options of a metric, which it can be made of."""

    def make(self) -> Metric:
        """Make the metric."""
        raise NotImplementedError

    def check(self, *texts: str) -> None:
        """Refuse, with EvaluationError, texts that the metric would take too long for."""


ConfigT = TypeVar("ConfigT", bound=MetricConfig)


class _SacreBleu(Evaluator[ConfigT], Generic[ConfigT]):
    score_type = ScoreType.NUMERIC

    def __init__(self, config: ConfigT) -> None:
        super().__init__(config)
        self._metric = config.make()
        # A signature names the number of references too, which changes with each score; the rest never does.
        self._metric.corpus_score(["a"], [["a"]])
        self._signature = str(self._metric.get_signature()).partition("|")[2]

    def _score(self, given: SacreScore, counts: set[int], *, prefix: str = "") -> Score:
        self._forget_texts()
        references = str(counts.pop()) if len(counts) == 1 else "var"
        signature = f"nrefs:{references}|{self._signature}"
        return Score(given.score, explanation=f"{prefix}{given.format()}.", metadata={"signature": signature})

    def _forget_texts(self) -> None:
        """Empty sacreBLEU's caches, which would keep 65,536 texts of whatever size for the life of the worker."""
        tokenizer = getattr(self._metric, "tokenizer", None)
        for kind in (type(tokenizer), TokenizerRegexp):
            clear = getattr(kind.__call__, "cache_clear", None)
            if clear is not None:
                clear()


class RecordMetric(_SacreBleu[ConfigT], Generic[ConfigT]):
    """A metric of one record."""

    def evaluate(self, *, output: Output, expected: References) -> Score:
        """Compare the output with its references."""
        references = read_references(expected)
        hypothesis = read_hypothesis(output)
        self.config.check(hypothesis, *references)
        given = self._metric.sentence_score(hypothesis, references)
        return self._score(given, {len(references)}, prefix=f"{NO_OUTPUT} " if output is None else "")


class RunMetric(_SacreBleu[ConfigT], Generic[ConfigT]):
    """A metric of a whole run."""

    def evaluate_run(self, cases: Iterable[Case]) -> Score:
        """Compare all outputs with their references."""
        pairs = read_pairs((case["output"], case["expected"]) for case in cases)
        for hypothesis, references in pairs:
            self.config.check(hypothesis, *references)
        counts = {len(references) for _, references in pairs}
        given = self._metric.corpus_score([hypothesis for hypothesis, _ in pairs], _streams(pairs, max(counts)))
        return self._score(given, counts, prefix=f"{len(pairs):,} records: ")


def _streams(pairs: list[tuple[str, tuple[str, ...]]], most: int) -> list[list[Any]]:
    """Turn the references of each record into the streams that sacreBLEU takes, with None where one has fewer."""
    return [[(*references, *[None] * most)[place] for _, references in pairs] for place in range(most)]

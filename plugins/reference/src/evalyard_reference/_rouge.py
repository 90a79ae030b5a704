"""ROUGE."""

from collections.abc import Iterable
from statistics import fmean
from typing import Any, Literal

from pydantic import Field

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType
from evalyard.values import NO_OUTPUT, show
from evalyard_reference._texts import Case, Output, References, read_hypothesis, read_pairs, read_references


class RougeConfig(Config):
    """Which ROUGE is measured."""

    variant: Literal["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"] = Field(
        "rougeL",
        description=(
            "rouge1 to rouge3 count n-grams; rougeL measures the longest common subsequence of words; rougeLsum does "
            "so line by line, for summaries with one sentence a line."
        ),
    )
    value: Literal["fmeasure", "precision", "recall"] = Field(
        "fmeasure", description="Whether the score is the F-measure, the precision or the recall."
    )
    use_stemmer: bool = Field(False, description="Whether English words are cut down to their stems (Porter).")
    maximum_words: int = Field(
        3000,
        ge=1,
        le=10_000,
        description="For rougeL and rougeLsum, longer texts are errors: memory grows with the square of their length.",
    )


class _Rouge(Evaluator[RougeConfig]):
    """What both share."""

    score_type = ScoreType.NUMERIC

    def __init__(self, config: RougeConfig) -> None:
        super().__init__(config)
        # nltk comes with it, and takes 90 MB and a second: only those who use it pay for that.
        from rouge_score import rouge_scorer, tokenizers  # noqa: PLC0415

        self._tokenizer = tokenizers.DefaultTokenizer(config.use_stemmer)
        self._scorer = rouge_scorer.RougeScorer([config.variant], tokenizer=self._tokenizer)

    def _compare(self, hypothesis: str, references: tuple[str, ...]) -> Any:
        """Compare an output with each reference, and return the figures of the best by F-measure."""
        self._check(hypothesis, references)
        return self._scorer.score_multi(references, hypothesis)[self.config.variant]

    def _score(self, found: Any, prefix: str) -> Score:
        figures = f"Precision {found.precision:.3f}, recall {found.recall:.3f}, F-measure {found.fmeasure:.3f}."
        metadata = {name: float(value) for name, value in found._asdict().items()}
        return Score(float(getattr(found, self.config.value)), explanation=f"{prefix}{figures}", metadata=metadata)

    def _check(self, hypothesis: str, references: tuple[str, ...]) -> None:
        for reference in references:
            if not self._count(reference):
                raise EvaluationError(
                    f"ROUGE reads the letters a to z and digits only, and {show(reference)} has none: use chrf."
                )
        self._count(hypothesis)

    def _count(self, text: str) -> int:
        words = len(self._tokenizer.tokenize(text))
        most = self.config.maximum_words
        if words > most and self.config.variant.startswith("rougeL"):
            raise EvaluationError(
                f"A text has {words:,} words, and {self.config.variant} is measured up to {most:,}: use rouge2, or "
                "raise maximum_words."
            )
        return words


class Rouge(_Rouge):
    """Measure how much of its best reference the output repeats, from 0 to 1 (ROUGE).

    The formulas are those of Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries, as the package
    rouge-score computes them. It reads the letters a to z and digits only, so that texts of other scripts can't be
    compared.
    """

    def evaluate(self, *, output: Output, expected: References) -> Score:
        """Compare the output with each reference, and keep the best by F-measure."""
        found = self._compare(read_hypothesis(output), read_references(expected))
        return self._score(found, f"{NO_OUTPUT} " if output is None else "")


class CorpusRouge(_Rouge):
    """Measure how much of their best references a run's outputs repeat, from 0 to 1 (ROUGE).

    That is the mean over the records, as the original ROUGE reports it. rouge-score's BootstrapAggregator estimates it
    by resampling at random; the exact mean gives the same run the same score.
    """

    def evaluate_run(self, cases: Iterable[Case]) -> Score:
        """Compare each output with its references, and average."""
        pairs = read_pairs((case["output"], case["expected"]) for case in cases)
        found = [self._compare(hypothesis, references) for hypothesis, references in pairs]
        means = type(found[0])(*(fmean(figures) for figures in zip(*found, strict=True)))
        return self._score(means, f"{len(pairs):,} records: ")

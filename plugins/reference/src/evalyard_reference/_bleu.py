"""BLEU."""

from typing import Literal

from pydantic import Field
from sacrebleu.metrics.bleu import BLEU

from evalyard_reference._sacrebleu import MetricConfig, RecordMetric, RunMetric


class BleuConfig(MetricConfig):
    """The options of sacreBLEU's BLEU."""

    tokenize: Literal["13a", "intl", "zh", "char", "none"] = Field(
        "13a",
        description=(
            "How texts are cut into tokens: 13a as WMT does, intl by Unicode's classes, zh for Chinese, char by "
            "characters, none at white space."
        ),
    )
    lowercase: bool = Field(False, description="Whether upper and lower case are the same.")
    smooth_method: Literal["exp", "floor", "add-k", "none"] = Field(
        "exp", description="How a precision of 0 is smoothed (Chen and Cherry 2014)."
    )
    smooth_value: float | None = Field(
        None, gt=0, le=100, description="The value for floor (else 0.1) and add-k (else 1)."
    )
    max_ngram_order: int = Field(4, ge=1, le=10, description="The longest n-grams that count.")
    effective_order: bool = Field(
        True, description="Whether orders without a match are left out, as they should be for single texts."
    )

    def make(self) -> BLEU:
        """Make the metric."""
        return BLEU(**self.model_dump())


class CorpusBleuConfig(BleuConfig):
    """The options of sacreBLEU's BLEU, of a corpus."""

    effective_order: bool = Field(False, description="Whether orders without a match are left out.")


class Bleu(RecordMetric[BleuConfig]):
    """Measure how many n-grams the output shares with its references, from 0 to 100 (sentence BLEU).

    The formula is that of Papineni et al. 2002, BLEU: a Method for Automatic Evaluation of Machine Translation, as
    sacreBLEU computes it (Post 2018).
    """


class CorpusBleu(RunMetric[CorpusBleuConfig]):
    """Measure how many n-grams the outputs of a run share with their references, from 0 to 100 (BLEU).

    This is the BLEU that papers give, over all records at once: no mean of the records' own.
    """

"""chrF and chrF++."""

from pydantic import Field
from sacrebleu.metrics.chrf import CHRF

from evalyard_reference._sacrebleu import MetricConfig, RecordMetric, RunMetric


class ChrfConfig(MetricConfig):
    """The options of sacreBLEU's chrF."""

    char_order: int = Field(6, ge=1, le=20, description="The longest n-grams of characters that count.")
    word_order: int = Field(0, ge=0, le=10, description="The longest n-grams of words that count: 2 makes it chrF++.")
    beta: int = Field(2, ge=1, le=10, description="How many times recall counts as much as precision.")
    lowercase: bool = Field(False, description="Whether upper and lower case are the same.")
    whitespace: bool = Field(False, description="Whether white space counts among the characters.")
    eps_smoothing: bool = Field(False, description="Whether it is smoothed as chrF++.py, NLTK and Moses do.")

    def make(self) -> CHRF:
        """Make the metric."""
        return CHRF(**self.model_dump())


class Chrf(RecordMetric[ChrfConfig]):
    """Measure how many n-grams of characters the output shares with its best reference, from 0 to 100 (chrF).

    The formula is that of Popović 2015, chrF: character n-gram F-score for automatic MT evaluation, and with words
    that of 2017, chrF++, as sacreBLEU computes them.
    """


class CorpusChrf(RunMetric[ChrfConfig]):
    """Measure how many n-grams of characters the outputs of a run share with their references, from 0 to 100 (chrF)."""

"""TER."""

from pydantic import Field
from sacrebleu.metrics.ter import TER

from evalyard import EvaluationError
from evalyard_reference._sacrebleu import MetricConfig, RecordMetric, RunMetric


class TerConfig(MetricConfig):
    """The options of sacreBLEU's TER."""

    normalized: bool = Field(False, description="Whether punctuation is split off, and entities are read.")
    no_punct: bool = Field(False, description="Whether punctuation is left out.")
    asian_support: bool = Field(
        False, description="Whether normalized and no_punct also apply to Chinese and Japanese characters."
    )
    case_sensitive: bool = Field(False, description="Whether upper and lower case differ.")
    maximum_words: int = Field(
        200, ge=1, le=2000, description="Longer texts are errors: the search for shifts takes minutes on them."
    )

    def make(self) -> TER:
        """Make the metric."""
        return TER(**self.model_dump(exclude={"maximum_words"}))

    def check(self, *texts: str) -> None:
        """Refuse texts of too many words."""
        longest = max(len(text.split()) for text in texts)
        if longest > self.maximum_words:
            raise EvaluationError(
                f"A text has {longest:,} words, and TER is measured up to {self.maximum_words:,}: it looks for words "
                "to shift, which takes minutes on long texts. Compare sentences, or raise maximum_words."
            )


class Ter(RecordMetric[TerConfig]):
    """Count the edits that turn the output into its nearest reference, in per cent of the reference's words (TER).

    0 is best, and more than 100 is possible. An edit inserts, deletes, replaces a word, or shifts several. The formula
    is that of Snover et al. 2006, A Study of Translation Edit Rate, as sacreBLEU computes it.
    """


class CorpusTer(RunMetric[TerConfig]):
    """Count the edits that turn the outputs of a run into their references, in per cent of the words (TER)."""

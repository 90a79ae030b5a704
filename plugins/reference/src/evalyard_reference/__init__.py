"""Evaluators that compare an output with reference texts, by the metrics of translation, summaries and speech.

Those called corpus metrics score a whole run: BLEU, for one, is defined over a corpus and is no mean over records. A
record without a reference is skipped; an output of null is compared as an empty text.
"""

from evalyard_reference._bleu import Bleu, BleuConfig, CorpusBleu, CorpusBleuConfig
from evalyard_reference._chrf import Chrf, ChrfConfig, CorpusChrf
from evalyard_reference._error_rates import Cer, CerConfig, CorpusCer, CorpusWer, Wer, WerConfig
from evalyard_reference._rouge import CorpusRouge, Rouge, RougeConfig
from evalyard_reference._ter import CorpusTer, Ter, TerConfig

__all__ = [
    "Bleu",
    "BleuConfig",
    "Cer",
    "CerConfig",
    "Chrf",
    "ChrfConfig",
    "CorpusBleu",
    "CorpusBleuConfig",
    "CorpusCer",
    "CorpusChrf",
    "CorpusRouge",
    "CorpusTer",
    "CorpusWer",
    "Rouge",
    "RougeConfig",
    "Ter",
    "TerConfig",
    "Wer",
    "WerConfig",
]

"""Evaluators of a team that the server knows nothing of."""

from acme_quality._judge import Judge
from acme_quality._lengths import Spread, brief
from acme_quality._overlap import Overlap

__all__ = ["Judge", "Overlap", "Spread", "brief"]

"""Evaluators of what answering took: time, money, tokens, and how large the output is.

Each gives a number, and a verdict where the user sets a threshold, for instance LTE 2000. A record whose figure is not
known is skipped: nothing is estimated.
"""

from evalyard_operations._cost import Cost, CostConfig
from evalyard_operations._latency import Latency, LatencyConfig
from evalyard_operations._output_size import OutputSize, OutputSizeConfig
from evalyard_operations._tokens import Tokens, TokensConfig

__all__ = [
    "Cost",
    "CostConfig",
    "Latency",
    "LatencyConfig",
    "OutputSize",
    "OutputSizeConfig",
    "Tokens",
    "TokensConfig",
]

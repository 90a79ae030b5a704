"""What authors of evaluators and targets write against.

`evalyard.plugins` finds and loads what is installed; `evalyard.secrets` resolves references to secrets;
`evalyard.values` reads a record's values as text.
"""

from evalyard._config import Config
from evalyard._decorator import evaluator
from evalyard._errors import EvaluationError, EvalyardError, PluginLoadError, Skip, TargetError
from evalyard._evaluator import Evaluator
from evalyard._score import Result, Score, ScoreType
from evalyard._target import (
    CallSpan,
    Dispatched,
    DispatchRequest,
    DispatchTarget,
    Target,
    TargetMode,
    TargetRequest,
    TargetResponse,
)
from evalyard._variables import Variable

__all__ = [
    "CallSpan",
    "Config",
    "DispatchRequest",
    "DispatchTarget",
    "Dispatched",
    "EvaluationError",
    "Evaluator",
    "EvalyardError",
    "PluginLoadError",
    "Result",
    "Score",
    "ScoreType",
    "Skip",
    "Target",
    "TargetError",
    "TargetMode",
    "TargetRequest",
    "TargetResponse",
    "Variable",
    "evaluator",
]

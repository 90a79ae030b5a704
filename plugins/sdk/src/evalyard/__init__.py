"""What authors of evaluators and targets write against.

`evalyard.plugins` finds and loads what is installed; `evalyard.secrets` resolves references to secrets.
"""

from evalyard._config import Config
from evalyard._decorator import evaluator
from evalyard._errors import EvaluationError, EvalyardError, PluginLoadError, Skip, TargetError
from evalyard._evaluator import Evaluator
from evalyard._score import Result, Score, ScoreType
from evalyard._target import Target, TargetRequest, TargetResponse
from evalyard._variables import Variable

__all__ = [
    "Config",
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
    "TargetRequest",
    "TargetResponse",
    "Variable",
    "evaluator",
]

"""Finding, loading and describing installed plugins: for programs that run them, not for their authors."""

from evalyard._description import EvaluatorDescription, TargetDescription, describe_evaluator, describe_target
from evalyard._discovery import FoundPlugin, discover
from evalyard._errors import PluginLoadError
from evalyard._loading import load_evaluator, load_target
from evalyard._variables import VariableSpec, read_variables, scores_batches

__all__ = [
    "EvaluatorDescription",
    "FoundPlugin",
    "PluginLoadError",
    "TargetDescription",
    "VariableSpec",
    "describe_evaluator",
    "describe_target",
    "discover",
    "load_evaluator",
    "load_target",
    "read_variables",
    "scores_batches",
]

"""Finding, loading and describing installed plugins: for programs that run them, not for their authors."""

from evalyard._description import EvaluatorDescription, TargetDescription, describe_evaluator, describe_target
from evalyard._discovery import FoundPlugin, discover
from evalyard._errors import PluginLoadError, ResultError, VariableError
from evalyard._loading import load_evaluator, load_target
from evalyard._results import Results, read_batch, read_results
from evalyard._typing import TypedVariables, value_schema
from evalyard._variables import VariableSpec, read_variables, scores_batches, scores_records, scores_runs

__all__ = [
    "EvaluatorDescription",
    "FoundPlugin",
    "PluginLoadError",
    "ResultError",
    "Results",
    "TargetDescription",
    "TypedVariables",
    "VariableError",
    "VariableSpec",
    "describe_evaluator",
    "describe_target",
    "discover",
    "load_evaluator",
    "load_target",
    "read_batch",
    "read_results",
    "read_variables",
    "scores_batches",
    "scores_records",
    "scores_runs",
    "value_schema",
]

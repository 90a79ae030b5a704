"""Targets: ways to call a system under test, and to come to its outputs otherwise.

`http` calls a system over HTTP, `openai` a model, `python` a function of the worker's own environment; `workflow` lets
GitHub Actions carry a run out, and `replay` repeats the outputs of another run.
"""

from evalyard.prices import Prices
from evalyard_targets._http import HttpTarget
from evalyard_targets._http_config import HttpConfig
from evalyard_targets._openai import OpenAITarget
from evalyard_targets._openai_config import OpenAIConfig
from evalyard_targets._python import PythonConfig, PythonTarget
from evalyard_targets._replay import ReplayConfig, ReplayTarget
from evalyard_targets._workflow import WorkflowConfig, WorkflowTarget

__all__ = [
    "HttpConfig",
    "HttpTarget",
    "OpenAIConfig",
    "OpenAITarget",
    "Prices",
    "PythonConfig",
    "PythonTarget",
    "ReplayConfig",
    "ReplayTarget",
    "WorkflowConfig",
    "WorkflowTarget",
]

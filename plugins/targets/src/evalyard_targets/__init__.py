"""Targets: `http` calls a system over HTTP, `openai` a model, `python` a function of the worker's own environment."""

from evalyard_targets._http import HttpTarget
from evalyard_targets._http_config import HttpConfig
from evalyard_targets._openai import OpenAITarget
from evalyard_targets._openai_config import OpenAIConfig
from evalyard_targets._prices import Prices
from evalyard_targets._python import PythonConfig, PythonTarget

__all__ = ["HttpConfig", "HttpTarget", "OpenAIConfig", "OpenAITarget", "Prices", "PythonConfig", "PythonTarget"]

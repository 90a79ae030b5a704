"""Targets: `http` calls a system over HTTP, `python` calls a function of the worker's own environment."""

from evalyard_targets._http import HttpTarget
from evalyard_targets._http_config import HttpConfig
from evalyard_targets._python import PythonConfig, PythonTarget

__all__ = ["HttpConfig", "HttpTarget", "PythonConfig", "PythonTarget"]

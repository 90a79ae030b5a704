"""Talking to an Evalyard server: `pip install "evalyard[client]"`."""

from ._async_client import AsyncClient
from ._calling import Output
from ._cases import Context
from ._client import Client, RunResult
from ._errors import ClientError, NotLoggedIn, Refused, Unreachable
from ._references import LibraryEvaluator
from ._results import AsyncResults, EvaluatorFigures, Interval, Summary

__all__ = [
    "AsyncClient",
    "AsyncResults",
    "Client",
    "ClientError",
    "Context",
    "EvaluatorFigures",
    "Interval",
    "LibraryEvaluator",
    "NotLoggedIn",
    "Output",
    "Refused",
    "RunResult",
    "Summary",
    "Unreachable",
]

"""What authors of evaluators and targets write against.

`evalyard.plugins` finds and loads what is installed; `evalyard.secrets` resolves references to secrets;
`evalyard.values` reads a record's values as text. `evalyard.Client` talks to a server; it wants the extra `client`.
"""

import typing

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

if typing.TYPE_CHECKING:
    from evalyard.client import AsyncClient, Client

__all__ = [
    "AsyncClient",
    "CallSpan",
    "Client",
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


def __getattr__(name: str) -> typing.Any:
    """Load the client where it is asked for: evaluators on a worker need none of it."""
    if name not in {"AsyncClient", "Client"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from evalyard import client  # noqa: PLC0415 - see above

    return getattr(client, name)

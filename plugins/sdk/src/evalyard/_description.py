"""What the library shows of a plugin that was loaded."""

import inspect
from dataclasses import dataclass
from typing import Any, Final

from pydantic.errors import PydanticUserError

from evalyard._config import Config
from evalyard._discovery import FoundPlugin
from evalyard._errors import PluginLoadError
from evalyard._evaluator import Evaluator
from evalyard._score import ScoreType
from evalyard._target import DispatchTarget, Target, TargetMode
from evalyard._variables import VariableSpec, read_variables, scores_records, scores_runs

_ISOLATIONS: Final = ("none", "process")


@dataclass(frozen=True, slots=True)
class EvaluatorDescription:
    """An evaluator plugin as the library shows it; `config_schema` is JSON Schema 2020-12.

    It scores records, runs or both.
    """

    key: str
    name: str
    summary: str
    distribution: str
    version: str
    homepage: str | None
    score_type: ScoreType
    config_schema: dict[str, Any]
    variables: tuple[VariableSpec, ...]
    scores_records: bool
    scores_runs: bool


@dataclass(frozen=True, slots=True)
class TargetDescription:
    """A target plugin as the library shows it; `config_schema` is JSON Schema 2020-12."""

    key: str
    name: str
    summary: str
    distribution: str
    version: str
    config_schema: dict[str, Any]
    mode: TargetMode


def describe_evaluator(found: FoundPlugin, cls: type[Evaluator[Any]]) -> EvaluatorDescription:
    """Describe an evaluator; raises PluginLoadError if its class does not keep the contract."""
    score_type = getattr(cls, "score_type", None)
    if not isinstance(score_type, ScoreType):
        raise _broken(found, f"{cls.__name__} declares no score_type; it is one of {', '.join(ScoreType)}")
    if cls.isolation not in _ISOLATIONS:
        raise _broken(found, f"{cls.__name__}.isolation is {cls.isolation!r}; it is one of {', '.join(_ISOLATIONS)}")
    try:
        variables = read_variables(cls)
    except (NameError, TypeError, ValueError) as exc:
        raise _broken(found, str(exc)) from exc
    return EvaluatorDescription(
        key=found.key,
        name=found.name,
        summary=cls.summary,
        distribution=found.distribution,
        version=found.version,
        homepage=found.homepage,
        score_type=score_type,
        config_schema=_config_schema(found, cls.Config),
        variables=variables,
        scores_records=scores_records(cls),
        scores_runs=scores_runs(cls),
    )


def describe_target(found: FoundPlugin, cls: type[Target[Any]]) -> TargetDescription:
    """Describe a target; raises PluginLoadError if its class does not keep the contract."""
    if inspect.isabstract(cls):
        raise _broken(found, f"{cls.__name__} does not define {' and '.join(sorted(cls.__abstractmethods__))}")
    if not isinstance(cls.mode, TargetMode) or (cls.mode is TargetMode.DISPATCH) != issubclass(cls, DispatchTarget):
        raise _broken(found, f"the mode of {cls.__name__} is {cls.mode!r}: derive it from evalyard.DispatchTarget")
    return TargetDescription(
        key=found.key,
        name=found.name,
        summary=cls.summary,
        distribution=found.distribution,
        version=found.version,
        config_schema=_config_schema(found, cls.Config),
        mode=cls.mode,
    )


def _config_schema(found: FoundPlugin, config: type[Config]) -> dict[str, Any]:
    if not (isinstance(config, type) and issubclass(config, Config)):
        raise _broken(found, f"its Config, {config!r}, is not a subclass of evalyard.Config")
    try:
        return config.model_json_schema()
    except PydanticUserError as exc:
        raise _broken(found, f"its Config has no JSON Schema ({exc.message})") from exc


def _broken(found: FoundPlugin, reason: str) -> PluginLoadError:
    return PluginLoadError(
        f"{found.distribution} {found.version} breaks the plugin contract: {reason.removesuffix('.')}. "
        f"Upgrade {found.distribution}, or report it to its authors.",
        key=found.key,
    )

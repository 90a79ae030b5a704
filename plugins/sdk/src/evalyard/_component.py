"""What evaluators and targets have in common: a config and a summary."""

import inspect
from typing import Any, ClassVar, Generic, get_args

from typing_extensions import TypeVar

from evalyard import _config

ConfigT = TypeVar("ConfigT", bound=_config.Config, default=_config.Config)


class Component(Generic[ConfigT]):
    """Hold the config that a user set; `class Mine(Evaluator[MyConfig])` makes `Mine.Config` be MyConfig."""

    Config: ClassVar[type[_config.Config]] = _config.Config
    summary: ClassVar[str] = ""

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take Config from the type argument and the summary from the docstring, unless the class sets them."""
        super().__init_subclass__(**kwargs)
        given = _config_argument(cls)
        if given is not None and "Config" not in vars(cls):
            cls.Config = given
        if cls.__doc__ and "summary" not in vars(cls):
            cls.summary = inspect.cleandoc(cls.__doc__).partition("\n")[0]


def _config_argument(cls: type) -> type[_config.Config] | None:
    for base in vars(cls).get("__orig_bases__", ()):
        for argument in get_args(base):
            if isinstance(argument, type) and issubclass(argument, _config.Config):
                return argument
    return None

"""Configs of plugins that are loaded here."""

from typing import Any

from pydantic import ValidationError

from .refusals import ConfigRefused


def read_config(component: Any, config: Any) -> Any:
    """Return a config as the plugin's own class has it; raises ConfigRefused."""
    try:
        return component.Config.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # A sentence of the plugin's own, which pydantic puts this before.
        raise ConfigRefused(first["msg"].removeprefix("Value error, "), _path(first["loc"])) from error


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)

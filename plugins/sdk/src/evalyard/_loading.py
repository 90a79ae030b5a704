"""Importing plugins that were found, and saying what went wrong in words that help."""

from typing import Any, TypeVar

from evalyard._component import Component
from evalyard._description import describe_evaluator, describe_target
from evalyard._discovery import FoundPlugin
from evalyard._errors import PluginLoadError
from evalyard._evaluator import Evaluator
from evalyard._target import Target

_LONGEST_REASON = 300

ComponentT = TypeVar("ComponentT", bound=Component[Any])


def load_evaluator(found: FoundPlugin) -> type[Evaluator[Any]]:
    """Import an evaluator and check that it keeps the contract.

    Raises PluginLoadError. A failed import is tried anew by the next call.
    """
    evaluator = _load(found, Evaluator)
    describe_evaluator(found, evaluator)
    return evaluator


def load_target(found: FoundPlugin) -> type[Target[Any]]:
    """Import a target and check that it keeps the contract; raises PluginLoadError."""
    target: type[Target[Any]] = _load(found, Target)  # type: ignore[type-abstract]
    describe_target(found, target)
    return target


def _load(found: FoundPlugin, base: type[ComponentT]) -> type[ComponentT]:
    if found.problem is not None:
        raise PluginLoadError(found.problem, key=found.key)
    try:
        loaded = found.entry_point.load()
    # A stranger's module may raise anything, or call sys.exit; the other plugins go on.
    except (Exception, SystemExit) as exc:
        raise PluginLoadError(_explain(found, exc), key=found.key) from exc
    if not (isinstance(loaded, type) and issubclass(loaded, base)):
        raise PluginLoadError(
            f"The entry point {found.entry_point.value} of {found.distribution} {found.version} is not a subclass of "
            f"evalyard.{base.__name__}: it is registered in the wrong group, or its package needs a new release.",
            key=found.key,
        )
    return loaded


def _explain(found: FoundPlugin, exc: BaseException) -> str:
    package = f"{found.distribution} {found.version}"
    own_module = found.entry_point.module.partition(".")[0]
    if isinstance(exc, ModuleNotFoundError) and exc.name and exc.name.partition(".")[0] != own_module:
        return (
            f"{package} needs the module {exc.name}, which is not installed: "
            f"run `pip install --force-reinstall {found.distribution}`, or install what provides {exc.name}."
        )
    reason = f"{type(exc).__name__}: {exc}".partition("\n")[0][:_LONGEST_REASON]
    return (
        f"{package} can't be imported from {found.entry_point.value} ({reason}): "
        f"upgrade {found.distribution}, report it to its authors, or run `pip uninstall {found.distribution}`."
    )

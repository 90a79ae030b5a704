"""Why an evaluator or a target can't be used."""

import evalyard
from evalyard_core.domain.records import Problem


class PluginUnavailable(Exception):
    """A plugin can't be used by this worker; the message says why and what to do."""


class TooSlow(PluginUnavailable):
    """A plugin was not imported in the time that it had for that."""


class ConfigRefused(Exception):
    """A plugin refuses a config; `path` is the part at fault, as `.name` or `[0]`."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class NotMade(Exception):
    """A plugin raised when an instance was made of it; the message is what it raised."""


class SetupFailed(Exception):
    """An evaluator could not be set up; the message says why."""


UNUSABLE = (PluginUnavailable, ConfigRefused, NotMade, SetupFailed)


def problem_of(error: Exception, plugin: str) -> Problem:
    """Return what is told of an evaluator that can't be used."""
    match error:
        case PluginUnavailable():
            return Problem("PLUGIN_MISSING", str(error), retryable=True)
        case ConfigRefused():
            return Problem("BAD_CONFIG", f"{plugin} refuses config{error.path}: {error.message}")
        case SetupFailed():
            return Problem("SETUP", str(error), retryable=True)
        case NotMade() | evalyard.EvalyardError():
            return Problem("EXCEPTION", f"{plugin} could not be made: {error}")
    return Problem("EXCEPTION", f"{plugin} could not be made: {type(error).__name__}: {error}")

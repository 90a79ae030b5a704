"""Python functions that a file names as module:name."""

import importlib
import sys
from pathlib import Path
from typing import Any

from .reading import EvaluationFile


def load_function(file: EvaluationFile, name: str, *location: int | str) -> Any:
    """Return a function by its name, looked for in the working directory first; raises WrongFile."""
    from evalyard.client._tracebacks import last_lines  # noqa: PLC0415 - a file that is wrong needs no client

    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    module_name, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise file.wrong(f"{module_name} can't be imported:\n{last_lines(error)}", *location) from error
        raise file.wrong(
            f"There is no module {module_name}; it is looked for in {here} and among the installed packages.", *location
        ) from error
    except Exception as error:
        raise file.wrong(f"{module_name} can't be imported:\n{last_lines(error)}", *location) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise file.wrong(f"{module_name} has no {path}.", *location)
        found = getattr(found, part)
    if not callable(found):
        raise file.wrong(f"{name} is no function.", *location)
    return found

"""References to secrets, `${secret:NAME}`, so that a stored config holds the name and never the value.

Only environment variables that begin with EVALYARD_SECRET_ can be reached, so that no config can read the worker's
own credentials.
"""

import re
from collections.abc import Mapping
from typing import Final

from evalyard._errors import TargetError

__all__ = ["find_references", "resolve"]

_REFERENCE: Final = re.compile(r"\$\{secret:([^}]*)\}")
_PREFIX: Final = "EVALYARD_SECRET_"


def find_references(text: str) -> tuple[str, ...]:
    """Name the environment variables that `text` refers to, in their order."""
    return tuple(_PREFIX + name for name in _REFERENCE.findall(text))


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """Replace each `${secret:NAME}` by the environment variable EVALYARD_SECRET_NAME.

    Raises TargetError with the code SECRET_MISSING, which names the variable, if there is none.
    """
    for variable in find_references(text):
        if variable not in environ:
            raise TargetError(
                f"The environment variable {variable} is not set: set it for the worker and restart it.",
                code="SECRET_MISSING",
            )
    # A function as replacement, since backslashes in a value are not group references.
    return _REFERENCE.sub(lambda match: environ[_PREFIX + match[1]], text)

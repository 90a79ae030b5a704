"""Spans of databases: OpenTelemetry's conventions, and those before version 1.25.

Those of HTTP and of remote procedure calls say whom they called and how that ended, which is among their attributes;
what went in and out they do not say.
"""

from typing import Final

from .convention import Convention
from .sources import value_of

PLAIN: Final = Convention(inputs={None: (value_of("db.query.text", "db.statement"),)})

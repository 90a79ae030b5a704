"""The log of a process: one line an event on stderr, as JSON or as text, the libraries' lines included."""

import logging
import sys
from typing import Final, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from .settings import Settings

#: Their information is ours told twice; their warnings are wanted.
_CHATTY: Final = ("dramatiq", "httpcore", "httpx", "pymongo", "uvicorn")

_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure_logging(settings: Settings) -> None:
    """Send what this process logs to stderr in the form and from the level of `settings`; may be called again.

    Whatever was bound with `structlog.contextvars.bind_contextvars` (request, run, record) stands in each line.
    """
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = _Stderr()
    handler.setFormatter(_formatter(settings))
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, _Stderr)] + [handler]
    level = settings.log_level.upper()
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(level if settings.log_level == "debug" else max(logging.WARNING, root.level))


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is when a line is written, which tests and supervisors replace."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def _formatter(settings: Settings) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(settings)],
    )


def _renderers(settings: Settings) -> list[Processor]:
    # Neither form shows the local variables of a traceback: they may hold secrets and users' data.
    if settings.log_format == "json":
        return [structlog.processors.format_exc_info, _as_json]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _as_json(_logger: object, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

"""What evaluators and targets raise, and what is raised about them.

Exception
├── EvalyardError
│   ├── PluginLoadError   an installed plugin can't be used
│   └── TargetError       a system under test gave no usable answer
└── Skip                  not an error: an evaluator declines to score a record
"""


class EvalyardError(Exception):
    """The root of what this package raises; its text is a sentence with the remedy, safe to show."""


class PluginLoadError(EvalyardError):
    """Say why an installed plugin can't be used; `key` is its `distribution/name`."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class TargetError(EvalyardError):
    """Say why a system under test gave no usable answer.

    `code` is stable and UPPER_SNAKE, for instance HTTP_429, TIMEOUT, CONNECTION, BAD_OUTPUT or EXCEPTION.
    A target never retries by itself: the engine calls again, after `retry_after_seconds` when the system named
    a time, where `retryable` is true and attempts are left. The message is stored and shown: keep secrets out.
    """

    def __init__(
        self, message: str, *, code: str, retryable: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds


class Skip(Exception):
    """Raise from `evaluate` to leave the record unscored, with a reason that a person understands."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

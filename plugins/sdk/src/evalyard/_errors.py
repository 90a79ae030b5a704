"""What evaluators and targets raise, and what is raised about them.

Exception
├── EvalyardError
│   ├── AddressRefused    the operator does not let plugins connect to a host
│   ├── EvaluationError   an evaluator can't tell a score
│   ├── PluginLoadError   an installed plugin can't be used
│   ├── ResultError       what an evaluator returned is no score
│   ├── TargetError       a system under test gave no usable answer
│   └── VariableError     a record's value does not fit a variable's type
└── Skip                  not an error: an evaluator declines to score a record
"""


class EvalyardError(Exception):
    """The root of what this package raises; its text is a sentence with the remedy, safe to show."""


class AddressRefused(EvalyardError):
    """Say that a host is not on the internet, and that the operator does not let plugins connect to it.

    The addresses of a host are left out: whoever reads the message may not know them.
    """

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} has no public address, and this worker connects to no other: whoever runs it may allow it with "
            "EVALYARD_TARGET_ALLOWED_NETWORKS."
        )
        self.host = host


class EvaluationError(EvalyardError):
    """Raise from an evaluator that can't tell a score, with a sentence that says why and what to do.

    `code` is stable and UPPER_SNAKE, for instance RATE_LIMIT; `retryable` tells whether scoring again may help. The
    message is stored and shown as it is: keep secrets out.
    """

    def __init__(self, message: str, *, code: str = "EVALUATION", retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


class PluginLoadError(EvalyardError):
    """Say why an installed plugin can't be used; `key` is its `distribution/name`."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class ResultError(EvalyardError):
    """Say why what an evaluator returned is no score."""


class TargetError(EvalyardError):
    """Say why a system under test gave no usable answer.

    `code` is stable and UPPER_SNAKE, for instance HTTP_429, TIMEOUT, CONNECTION, BAD_OUTPUT or EXCEPTION.
    A target never retries by itself: the engine calls again, after `retry_after_seconds` when the system named
    a time, where `retryable` is true and attempts are left. HTTP_429 and RATE_LIMIT say that there are too many calls,
    as does a time: they cost no attempt. HTTP_401, HTTP_403, UNKNOWN_HOST, SECRET_MISSING and their like, where they
    are not retryable, say that the next call would fail as well: after many in a row a run makes no more. The message
    is stored and shown: keep secrets out.
    """

    def __init__(
        self, message: str, *, code: str, retryable: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds


class VariableError(EvalyardError):
    """Say why a value does not fit the type of a variable; `variable` is its name."""

    def __init__(self, message: str, *, variable: str) -> None:
        super().__init__(message)
        self.variable = variable


class Skip(Exception):
    """Raise from an evaluator to leave a record or a run unscored, with a reason that a person understands."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

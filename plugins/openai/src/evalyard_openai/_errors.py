"""What goes wrong between an evaluator and its endpoint."""

from evalyard import EvaluationError


class EndpointError(EvaluationError):
    """Say why an endpoint gave no usable answer.

    `code` is stable: HTTP_429 and so on, TIMEOUT, CONNECTION, UNKNOWN_HOST, TLS, ADDRESS_REFUSED, BAD_ANSWER,
    SECRET_MISSING or SECRET_INVALID; who reads the answers may add to them. `retryable` tells whether asking again
    later may help. The message is stored and shown; secrets have been taken out of it.
    """

    def __init__(
        self, message: str, *, code: str, retryable: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, code=code, retryable=retryable)
        self.retry_after_seconds = retry_after_seconds

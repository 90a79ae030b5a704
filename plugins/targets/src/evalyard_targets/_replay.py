"""The `replay` target."""

from pydantic import Field

from evalyard import Config, Target, TargetError, TargetMode, TargetRequest, TargetResponse


class ReplayConfig(Config):
    """Whose outputs are taken."""

    run_id: str = Field(min_length=1, description="Id of a run of the same project, as the API gives it.")


class ReplayTarget(Target[ReplayConfig]):
    """Take the outputs of another run, to score them by other evaluators or as a baseline.

    The engine looks them up by item and trial, since a plugin reads no database. Nothing is called: the cost is 0, and
    there is no latency. A record whose item has another input by now, or that has no output there, is an error.
    """

    mode = TargetMode.REPLAY

    async def call(self, request: TargetRequest) -> TargetResponse:  # noqa: ARG002 - nobody calls it
        """Refuse: what is replayed answers no single call."""
        raise TargetError("This system repeats a run and answers no single input.", code="NOT_CALLABLE")

"""Judging a run by the server's gate."""

from typing import TYPE_CHECKING, Any

from ._exits import ExitCode, leave
from ._lookup import find_run
from ._session import Session
from .operations import gates

if TYPE_CHECKING:
    from .evals.policy import Policy


def judge(session: Session, run_id: str, policy: "Policy | None", baseline: str | None) -> dict[str, Any]:
    """Return a run with its `gate`: by a policy, with a baseline or the one that the server chooses, or its dataset's.

    Raises ClientError; a run that has not ended ends the command, since it can't be judged yet.
    """
    from evalyard.client import Refused  # noqa: PLC0415 - see `_session`

    wanted = None if policy is None else _input(session, run_id, policy, baseline)
    try:
        judged: dict[str, Any] = session.ask(gates.GATE, id=run_id, policy=wanted)
    except Refused as error:
        if error.code != "CONFLICT":
            raise
        raise leave(ExitCode.NOT_JUDGED, str(error)) from error
    return judged


def _input(session: Session, run_id: str, policy: "Policy", baseline: str | None) -> dict[str, Any]:
    from evalyard.client import ClientError  # noqa: PLC0415 - see `_session`

    there = session.ask(gates.EVALUATORS, id=run_id)["evaluators"]
    ids = {entry["name"]: entry["evaluator"]["id"] for entry in there}
    try:
        return policy.as_input(ids, baseline and find_run(session, baseline)["id"])
    except KeyError as error:
        names = ", ".join(sorted(ids)) or "none"
        raise ClientError(f"The policy names the evaluator {error.args[0]!r}; the run has: {names}.") from error

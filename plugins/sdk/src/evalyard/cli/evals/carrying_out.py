"""Starting what a file declares, and seeing it through."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from evalyard.cli._lookup import find_dataset, find_system, version_of
from evalyard.cli._session import Session
from evalyard.cli._watching import ENDED, follow
from evalyard.cli.operations import gates, runs
from evalyard.client import ClientError, LibraryEvaluator
from evalyard.client._origin import is_ci, origin
from evalyard.client._progress import progress

from .functions import load_function
from .items import read_items
from .model import FunctionEvaluator, SystemVersion
from .reading import EvaluationFile


class Job:
    """One file: its run is known as soon as it is started."""

    def __init__(self, file: EvaluationFile) -> None:
        """Import the functions and read the items that the file names; raises WrongFile."""
        self.file = file
        self.evaluation = file.evaluation
        self.run_id: str | None = None
        self._items = None
        if self.evaluation.items is not None:
            self._items = read_items(file.path.parent / self.evaluation.items)
        self._function = None
        if isinstance(self.evaluation.system, str):
            self._function = load_function(file, self.evaluation.system, "system")
        self._evaluators = self._given_evaluators()

    @property
    def name(self) -> str:
        """The run's name."""
        return self.evaluation.name or self.file.path.stem

    def carry_out(self, session: Session, dispatched: str | None, started: Callable[[str], None]) -> dict[str, Any]:
        """Start a run, or take the one that was dispatched to here, and return it when it has ended."""
        self._check_policy(session)
        self.run_id = dispatched or self._start(session)
        started(self.run_id)
        if self._function is None:
            with progress(self.name, wanted=None) as shown:
                follow(session, self.run_id, lambda state: shown.show(state["progress"]))
        else:
            self._call(session, self._function, self.run_id, dispatched=dispatched is not None)
        run: dict[str, Any] = session.ask(runs.SHOW, id=self.run_id)
        if run["status"] not in ENDED:
            raise ClientError(f"Run {run['number']} is {run['status']}, and was to have ended.")
        return run

    def _call(self, session: Session, function: Callable[..., Any], run_id: str, *, dispatched: bool) -> None:
        evaluators = self._evaluators
        if dispatched:
            evaluators = self._of_the_run(session, run_id)
        session.client.run_and_evaluate(
            system=function,
            dataset=self.evaluation.dataset,
            items=self._items,
            evaluators=evaluators,
            concurrency=self.evaluation.concurrency,
            resume=run_id,
        )

    def _of_the_run(self, session: Session, run_id: str) -> list[Any] | None:
        """Return the functions that score and are evaluators of a run which somebody else started."""
        there = {entry["name"] for entry in session.ask(gates.EVALUATORS, id=run_id)["evaluators"]}
        functions = [entry for entry in self._evaluators or [] if callable(entry) and entry.__name__ in there]
        return functions or None

    def _start(self, session: Session) -> str:
        new: dict[str, Any] = {
            "projectId": session.project_id,
            "name": self.name,
            "source": "CI" if is_ci() else "API",
            "trials": self.evaluation.trials,
            "concurrency": self.evaluation.concurrency,
            "tags": self.evaluation.tags,
            "metadata": {**origin(), **self.evaluation.metadata},
            "idempotencyKey": str(uuid.uuid4()),
        }
        if self.evaluation.dataset is not None:
            new["datasetId"] = find_dataset(session, self.evaluation.dataset)["id"]
        if self._evaluators is not None:
            new["evaluatorIds"] = session.client.evaluator_ids(self._evaluators)
        if isinstance(self.evaluation.system, SystemVersion):
            new["systemVersionId"] = self._version(session, self.evaluation.system)["id"]
        return str(session.ask(runs.START, input=new)["id"])

    def _version(self, session: Session, wanted: SystemVersion) -> Mapping[str, Any]:
        return version_of(session, find_system(session, wanted.name), wanted.version)

    def _check_policy(self, session: Session) -> None:
        """Refuse, before anything is paid for, what nobody could judge."""
        if self.evaluation.policy is not None or self.evaluation.dataset is None:
            return
        found = find_dataset(session, self.evaluation.dataset)
        if session.ask(gates.POLICY, id=found["id"])["gatePolicy"] is None:
            raise self.file.wrong("Neither this file nor its dataset has a policy: say one here.", "policy")

    def _given_evaluators(self) -> list[Any] | None:
        """Return the evaluators as the client takes them."""
        if self.evaluation.evaluators is None:
            return None
        given: list[Any] = []
        for place, entry in enumerate(self.evaluation.evaluators):
            if isinstance(entry, str):
                given.append(entry)
            elif isinstance(entry, FunctionEvaluator):
                given.append(load_function(self.file, entry.function, "evaluators", place, "function"))
            else:
                threshold = (entry.threshold.operator, entry.threshold.value) if entry.threshold else None
                given.append(LibraryEvaluator(entry.plugin, entry.config, entry.name, entry.mapping, threshold))
        return given

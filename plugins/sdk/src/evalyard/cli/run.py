"""`evalyard run`: carry out what files declare, and judge it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ._deadline import within
from ._examples import examples
from ._exits import ExitCode, leave
from ._judging import judge
from ._rendering import print_json
from ._reports import annotate, show_gate, write_junit, write_markdown
from ._session import Session, code_of, opened
from .operations import runs

if TYPE_CHECKING:
    from .evals.carrying_out import Job
    from .evals.reading import WrongFile

_TRIES: Final = 6


def _show_schema(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        from .evals.model import json_schema  # noqa: PLC0415 - the help must not wait for it

        typer.echo(json.dumps(json_schema(), indent=2))
        raise typer.Exit


@examples(
    "evalyard run evals/*.yaml",
    "evalyard run evals/desk.yaml --junit evals.xml --markdown evals.md --timeout 600",
    "evalyard run --schema",
)
def run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to carry out, one after the other.")],
    *,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0, help="Give up after so many seconds in all.")] = None,
    dispatch: Annotated[
        str | None,
        typer.Option(metavar="RUN_ID", help="Carry out this run, which a workflow target started, for the one file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the runs and their gates as JSON.")] = False,
    _schema: Annotated[
        bool,
        typer.Option("--schema", is_eager=True, callback=_show_schema, help="Print the JSON Schema of the files."),
    ] = False,
) -> None:
    """Carry out evaluations that files declare, wait for the scores, and judge the runs.

    Exits with 0 where all pass, 1 where one does not, 2 for a file that is wrong, and 3 where a run failed, took too
    long, or could not be judged: the largest of them where there are several.
    """
    if dispatch is not None and len(files) != 1:
        raise leave(ExitCode.USAGE, "--dispatch takes one file, which says how that run is carried out.")
    jobs = _read(files)
    gone = _Going(jobs, dispatch)
    code = within(timeout, gone.carry_out, lambda: gone.stop(timeout or 0))
    _report(gone.judged, junit=junit, markdown=markdown, as_json=as_json)
    raise typer.Exit(int(code))


class _Going:
    """Carries out jobs, one after the other."""

    def __init__(self, jobs: "Sequence[Job]", dispatch: str | None) -> None:
        self._jobs = jobs
        self._dispatch = dispatch
        self.judged: list[dict[str, Any]] = []

    def carry_out(self) -> ExitCode:
        """Carry out all and return the worst of what came of them."""
        with opened() as session:
            # Who is not let in, or asks a server that is not there, need not wait for as long as a run would.
            session.client.project_id()
        with opened(tries=_TRIES) as session:
            return max(self._outcome(session, job) for job in self._jobs)

    def stop(self, seconds: float) -> str:
        """Cancel the runs that are under way, as far as the server can be asked, and return what is to be said."""
        from evalyard.client import Client, ClientError  # noqa: PLC0415 - the help must not wait for it

        done = {entry["id"] for entry in self.judged}
        under_way = [job for job in self._jobs if job.run_id is not None and job.run_id not in done]
        sentence = f"Not done within {seconds:g} s."
        for job in under_way:
            annotate(sentence, file=str(job.file.path), line=1)
            try:
                with Client(timeout_seconds=5, tries=1) as client:
                    number = client.execute(runs.CANCEL, id=job.run_id)["cancelRun"]["number"]
            except ClientError as error:
                sentence += f" The run of {job.file.path} could not be cancelled: {error}"
            else:
                sentence += f" Run {number} of {job.file.path} is cancelled."
        return sentence

    def _outcome(self, session: Session, job: "Job") -> ExitCode:
        from evalyard.client import ClientError  # noqa: PLC0415 - the help must not wait for it

        from .evals.reading import WrongFile  # noqa: PLC0415

        try:
            return self._judged(session, job)
        except WrongFile as error:
            return _say(error)
        except ClientError as error:
            typer.echo(f"evalyard: {job.file.path}: {error}", err=True)
            annotate(str(error), file=str(job.file.path), line=1)
            return code_of(error)

    def _judged(self, session: Session, job: "Job") -> ExitCode:
        done = job.carry_out(session, self._dispatch, _announce(session))
        if done["status"] != "COMPLETED":
            sentence = f"Run {done['number']} is {done['status']}: {done['statusReason'] or 'no reason is known'}"
            typer.echo(f"evalyard: {job.file.path}: {sentence}", err=True)
            annotate(sentence, file=str(job.file.path), line=1)
            return ExitCode.NOT_JUDGED
        baseline = job.evaluation.baseline
        judged = judge(session, done["id"], job.evaluation.policy, None if baseline is None else str(baseline))
        self.judged.append(judged)
        for check in judged["gate"]["checks"]:
            if not check["passed"]:
                _annotate_check(job, judged, check)
        return ExitCode.OK if judged["gate"]["passed"] else ExitCode.GATE_FAILED


def _read(files: Sequence[Path]) -> "list[Job]":
    """Read all files before anything is started; says what is wrong with any of them."""
    from .evals.carrying_out import Job  # noqa: PLC0415 - the help must not wait for it
    from .evals.reading import WrongFile, read_evaluation  # noqa: PLC0415

    jobs, wrong = [], False
    for file in files:
        try:
            jobs.append(Job(read_evaluation(file)))
        except WrongFile as error:
            wrong = bool(_say(error))
    if wrong:
        raise typer.Exit(int(ExitCode.USAGE))
    return jobs


def _say(error: "WrongFile") -> ExitCode:
    for problem in error.problems:
        typer.echo(f"evalyard: {problem}", err=True)
        annotate(problem.message, file=str(problem.file), line=problem.line, title=problem.path or "Evalyard")
    return ExitCode.USAGE


def _announce(session: Session) -> Callable[[str], None]:
    def announce(run_id: str) -> None:
        started = session.client.run(run_id)
        typer.echo(f"Run {started.run['number']} ({started.name}): {started.url}", err=True)

    return announce


def _annotate_check(job: "Job", judged: dict[str, Any], check: dict[str, Any]) -> None:
    sentence = f"Run {judged['number']}: {check['name']} is {check['actual']}, expected {check['expected']}."
    annotate(f"{sentence} {check['explanation']}".rstrip(), file=str(job.file.path), line=job.file.line("policy"))


def _report(judged: list[dict[str, Any]], *, junit: Path | None, markdown: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(judged)
    else:
        for entry in judged:
            show_gate(entry)
    gates = [entry["gate"] for entry in judged]
    if junit is not None and gates:
        write_junit(junit, gates)
    if gates:
        write_markdown(markdown, gates)

"""Checks of how an evaluator scores."""

import copy
from collections.abc import Iterator
from typing import Final

from evalyard._errors import VariableError
from evalyard.testing._calling import Case, Said
from evalyard.testing._result import CheckResult, failed, passed, skipped
from evalyard.testing._subject import Subject

_BATCH: Final = 100
_HONEST: Final = "Handle such a value, or raise Skip or EvaluationError with a sentence that a person understands."


def check_scores(subject: Subject) -> CheckResult:
    """Check that ordinary values give results of the declared type, or a reason why not."""
    try:
        cases = subject.cases()
    except VariableError as error:
        return failed("scores", [str(error)], "Give an example: Annotated[..., Field(examples=[...])].")
    said = list(_each(subject, [(f"case {place}", case) for place, case in enumerate(cases)]))
    problems = [f"{method} with {name}: {answer.problem}" for method, name, answer in said if answer.problem]
    if problems:
        return failed("scores", problems, "Return what score_type says, for every record.")
    scored = sum(answer.results is not None for _, _, answer in said)
    if not scored:
        return skipped("scores", f"Made-up values give no score ({said[0][2].declined}).")
    return passed("scores", f"{scored} of {len(said)} made-up cases scored")


def check_determinism(subject: Subject) -> CheckResult:
    """Check that the same values give the same scores, from another instance and in another order too."""
    other = subject.new_player().methods()
    differing = [
        f"{name} gave {first.values!r:.80} and {again.values!r:.80}"
        for name, method in subject.player.methods().items()
        for first, again in zip(
            [method([case]) for case in subject.cases()],
            reversed([other[name]([case]) for case in reversed(subject.cases())]),
            strict=True,
        )
        if repr(first.values) != repr(again.values)
    ]
    if differing:
        return failed("determinism", differing, "Seed what is random, sort what has no order, and keep no state.")
    return passed("determinism")


def check_optional(subject: Subject) -> CheckResult:
    """Check that it does without its optional variables."""
    optional = [spec.name for spec in subject.variables if not spec.required]
    if not optional:
        return passed("optional variables", "It has none.")
    cases: list[tuple[str, Case]] = [
        (f"no {name}", {k: v for k, v in subject.cases()[0].items() if k != name}) for name in optional
    ]
    cases.append(("none of them", {k: v for k, v in subject.cases()[0].items() if k not in optional}))
    problems = [f"{method} with {name}: {said.problem}" for method, name, said in _each(subject, cases) if said.problem]
    if problems:
        return failed("optional variables", problems, "Give the parameter a default that works.")
    return passed("optional variables", ", ".join(optional))


def check_hostile(subject: Subject) -> CheckResult:
    """Check that empty, huge, strange and deeply nested values give a score or a reason, in good time."""
    cases = subject.hostile_cases()
    problems = [f"{method} with {name}: {said.problem}" for method, name, said in _each(subject, cases) if said.problem]
    return failed("hostile values", problems, _HONEST) if problems else passed("hostile values", f"{len(cases)} values")


def check_unchanged(subject: Subject) -> CheckResult:
    """Check that a record's values stay as they were: other evaluators get the same ones."""
    changed = []
    for kind, case in enumerate(subject.cases()):
        before = copy.deepcopy(case)
        for name, method in subject.player.methods().items():
            method([case])
            changed += [f"{name} changed {key} of case {kind}" for key in before if before[key] != case[key]]
    if changed:
        return failed("record unchanged", changed, "Copy what you change: list(values), dict(values), copy.deepcopy.")
    return passed("record unchanged")


def check_speed(subject: Subject) -> CheckResult:
    """Tell how long a score takes; this never fails."""
    case = subject.cases()[:1]
    figures = []
    for method in subject.player.methods():
        if method != "evaluate_run":
            figures.append(f"{_shown(subject.player.seconds_a_case(method, case))} a score")
        if method != "evaluate":
            together = _shown(subject.player.seconds_a_case(method, case * _BATCH))
            figures.append(f"{together} a case in {'runs' if method == 'evaluate_run' else 'batches'} of {_BATCH}")
    return passed("speed", ", ".join(figures))


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"


def _each(subject: Subject, cases: list[tuple[str, Case]]) -> Iterator[tuple[str, str, Said]]:
    """Yield what each way of scoring says of each case: its name, the case's, and what it said."""
    for method_name, method in subject.player.methods().items():
        for name, case in cases:
            yield method_name, name, method([case])

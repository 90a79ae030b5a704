"""Judging: a pure function of a policy and of what came of a run.

What errored or is missing never passes. It counts as not passed in every pass rate. It is no regression, and no part
of a mean: there it is told apart, and fails the check unless `max_errored` says how much of it is tolerated.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .figures import EvaluatorFigures, GateFigures
from .policy import GatePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One thing that a policy asks for, in words: what was expected, what is, and why that passes or not."""

    name: str
    passed: bool
    expected: str
    actual: str
    explanation: str


def judge(policy: GatePolicy, figures: GateFigures) -> tuple[GateCheck, ...]:
    """Return a check for each thing that a policy asks for, in its order."""
    return (*_of_run(policy, figures), *_of_evaluators(policy, figures))


def _of_run(policy: GatePolicy, figures: GateFigures) -> Iterator[GateCheck]:
    if policy.min_pass_rate is not None:
        yield _pass_rate(policy.min_pass_rate, figures)
    if policy.max_regressions is not None:
        yield _regressions(policy.max_regressions, policy, figures)
    if policy.max_errored is not None:
        yield _errored(policy.max_errored, figures)
    if policy.max_average_latency_ms is not None:
        yield _latency(policy.max_average_latency_ms, figures.average_latency_ms)
    if policy.max_total_cost_usd is not None:
        yield _cost(policy.max_total_cost_usd, figures.total_cost_usd)


def _pass_rate(least: float, figures: GateFigures) -> GateCheck:
    rate = _rate(figures.passed, figures.expected)
    return GateCheck(
        name="minPassRate",
        passed=rate is not None and rate >= least,
        expected=f"at least {_percent(least)}",
        actual=_shown_rate(figures.passed, figures.expected),
        explanation=_pass_rate_in_words(figures),
    )


def _pass_rate_in_words(figures: GateFigures) -> str:
    if not figures.expected:
        return "No record has a verdict: give an evaluator of the run a threshold, and score the run again."
    parts = [f"{figures.passed:,} of {_counted(figures.expected, 'record')} passed, {figures.failed:,} failed"]
    if figures.not_judged:
        parts.append(_could_not_judge(figures))
    if figures.without_verdict:
        parts.append(f"{figures.without_verdict:,} without a verdict are left out")
    return "; ".join(parts) + "."


def _could_not_judge(figures: GateFigures) -> str:
    """Say what could not be judged, and why: `could not judge 3 (2 errored: TIMEOUT 2; 1 is missing)`."""
    reasons = []
    if figures.errored:
        codes = sorted(figures.error_codes.items(), key=lambda entry: (-entry[1], entry[0]))
        named = ", ".join(f"{code} {count:,}" for code, count in codes)
        reasons.append(f"{figures.errored:,} errored" + (f": {named}" if named else ""))
    if figures.missing:
        reasons.append(f"{figures.missing:,} {'is' if figures.missing == 1 else 'are'} missing")
    return f"could not judge {figures.not_judged:,} ({'; '.join(reasons)})"


def _regressions(most: int, policy: GatePolicy, figures: GateFigures) -> GateCheck:
    found = figures.regressions
    expected = f"at most {most:,}"
    if found is None:
        return GateCheck(
            name="maxRegressions",
            passed=True,
            expected=expected,
            actual="no baseline",
            explanation="There is no earlier run to compare with, so nothing can have regressed.",
        )
    count = len(found.regressed)
    worst = count if policy.max_errored is not None else count + found.not_judged
    words = f"{count:,} of {_counted(found.cases, 'case')} that passed in the baseline pass less often now"
    if found.not_judged:
        words += f"; could not judge {found.not_judged:,}"
        if policy.max_errored is None:
            words += ", which may have regressed (maxErrored says how many are tolerated)"
    return GateCheck(
        name="maxRegressions", passed=worst <= most, expected=expected, actual=f"{count:,}", explanation=f"{words}."
    )


def _errored(most: int, figures: GateFigures) -> GateCheck:
    words = _could_not_judge(figures) if figures.not_judged else "every record was carried out and scored"
    return GateCheck(
        name="maxErrored",
        passed=figures.not_judged <= most,
        expected=f"at most {most:,}",
        actual=f"{figures.not_judged:,}",
        explanation=f"{words[0].upper()}{words[1:]}.",
    )


def _latency(most: float, latency: float | None) -> GateCheck:
    return GateCheck(
        name="maxAverageLatencyMs",
        passed=latency is not None and latency <= most,
        expected=f"at most {_number(most)} ms",
        actual="unknown" if latency is None else f"{_number(latency)} ms",
        explanation="No record says how long the system took."
        if latency is None
        else "The mean over the records that say how long the system took.",
    )


def _cost(most: float, cost: float) -> GateCheck:
    return GateCheck(
        name="maxTotalCostUsd",
        passed=cost <= most,
        expected=f"at most ${_number(most)}",
        actual=f"${_number(cost)}",
        explanation="What the system's calls and the scoring are known to have cost.",
    )


def _of_evaluators(policy: GatePolicy, figures: GateFigures) -> Iterator[GateCheck]:
    for gate in policy.evaluators:
        found = figures.evaluators.get(gate.evaluator_id)
        name = found.name if found else gate.evaluator_id
        if gate.min_pass_rate is not None:
            yield _evaluator_pass_rate(f"{name}.minPassRate", gate.min_pass_rate, found)
        if gate.min_mean is not None:
            yield _evaluator_mean(f"{name}.minMean", gate.min_mean, found, policy)


def _evaluator_pass_rate(name: str, least: float, found: EvaluatorFigures | None) -> GateCheck:
    expected = f"at least {_percent(least)}"
    if found is None:
        return _did_not_score(name, expected)
    total = found.expected
    rate = _rate(found.passed, total)
    words = f"{found.passed:,} of {_counted(total, found.noun)} passed, {found.failed:,} failed"
    if others := max(0, total - found.passed - found.failed):
        words += f"; could not judge {others:,}, which did not pass"
    if not total:
        words = "No score of this evaluator passes or fails: give it a threshold, and score the run again"
    return GateCheck(
        name=name,
        passed=rate is not None and rate >= least,
        expected=expected,
        actual=_shown_rate(found.passed, total),
        explanation=f"{words}.",
    )


def _evaluator_mean(name: str, least: float, found: EvaluatorFigures | None, policy: GatePolicy) -> GateCheck:
    expected = f"at least {_number(least)}"
    if found is None:
        return _did_not_score(name, expected)
    unknown = found.not_scored
    is_whole = not unknown or policy.max_errored is not None
    words = f"The mean of {_counted(found.scored, 'score')}"
    if found.mean is None:
        words = "This evaluator gave no number"
    elif unknown:
        words += f"; could not judge {_counted(unknown, found.noun)}"
        if policy.max_errored is None:
            words += ", without which the mean says too little (maxErrored says how many are tolerated)"
    return GateCheck(
        name=name,
        passed=found.mean is not None and found.mean >= least and is_whole,
        expected=expected,
        actual="unknown" if found.mean is None else _number(found.mean),
        explanation=f"{words}.",
    )


def _did_not_score(name: str, expected: str) -> GateCheck:
    words = "This evaluator did not score the run; score it again with it (rescoreRun)."
    return GateCheck(name=name, passed=False, expected=expected, actual="no scores", explanation=words)


def _rate(part: int, total: int) -> float | None:
    return part / total if total else None


def _shown_rate(part: int, total: int) -> str:
    return f"{_percent(part / total)} ({part:,} of {total:,})" if total else "unknown"


def _percent(rate: float) -> str:
    return f"{_number(rate * 100)} %"


def _number(value: float) -> str:
    """Return a number in at most six digits; one beside a bound that it misses may look like it."""
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""A gate's result as Markdown, for a pull request: GitHub's and GitLab's dialects (GFM, section 4.10 for tables)."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from evalyard_core.domain.records import Record

from .excerpts import excerpt
from .judging import GateCheck
from .result import Baseline, BaselineChoice, CaseKind, GateResult, WorstCase, reason_of

#: Characters that mean something to Markdown, HTML, or to what platforms add: mentions, references, emoji, formulas.
_SPECIAL: Final = re.compile(r"[\\`*_{}\[\]()<>#!|~&@:$^]")
#: They keep what follows from being a mention or a reference even where entities were decoded before.
_JOINED: Final = {"@": "&#8203;", "#": "&#8203;"}

_WHY: Final = {
    BaselineChoice.NAMED: "named by the policy",
    BaselineChoice.PRODUCTION: "the newest completed run of the production version",
    BaselineChoice.PREVIOUS: "the run before",
}
_WHAT: Final = {
    CaseKind.REGRESSED: "regressed",
    CaseKind.FAILED: "failed",
    CaseKind.ERRORED: "could not judge",
}

#: Gives the address of a record, or none where no address is known.
LinkOf = Callable[[Record], str | None]


def render_markdown(result: GateResult, worst: Sequence[WorstCase], link_of: LinkOf) -> str:
    """Return verdict, table of checks, and the worst cases with links."""
    run = result.run
    lines = [
        f"## {'✅ Gate passed' if result.passed else '❌ Gate failed'}: {escape(run.name)} (run {run.number})",
        "",
        _summary(result),
        "",
        "| | check | expected | actual | |",
        "|---|---|---|---|---|",
        *map(_row, result.checks),
    ]
    if worst:
        lines += ["", "### Worst cases", "", "| | case | output | why |", "|---|---|---|---|"]
        lines += [_case(entry, link_of(entry.record)) for entry in worst]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Return a user's text in one line that stays text, and in its table cell.

    An entity never stands for structure (CommonMark 0.31, section 2.5); a backslash before a pipe would not do, for
    one that the text ends with may stand before it.
    """
    return _SPECIAL.sub(_entity, " ".join(text.split()))


def _entity(found: re.Match[str]) -> str:
    character = found.group()
    return f"&#{ord(character)};{_JOINED.get(character, '')}"


def _summary(result: GateResult) -> str:
    failed = [check.name for check in result.checks if not check.passed]
    count = len(result.checks)
    words = f"{count - len(failed)} of {count} {'check' if count == 1 else 'checks'} passed."
    return f"{words} {_against(result.baseline)}" if result.baseline else words


def _against(baseline: Baseline | None) -> str:
    if baseline is None:
        return ""
    return f"Baseline: {escape(baseline.run.name)} (run {baseline.run.number}, {_WHY[baseline.choice]})."


def _row(check: GateCheck) -> str:
    cells = (check.name, check.expected, check.actual, check.explanation)
    return f"| {'✅' if check.passed else '❌'} | {' | '.join(map(escape, cells))} |"


def _case(worst: WorstCase, link: str | None) -> str:
    record = worst.record
    case = escape(excerpt(record.input))
    shown = f"[{case}]({_address(link)})" if link and case else case
    output = "" if record.output is None else escape(excerpt(record.output))
    return f"| {_WHAT[worst.kind]} | {shown} | {output} | {escape(excerpt(reason_of(record)))} |"


def _address(link: str) -> str:
    """Return an address that ends where it should: no bracket, space or pipe stands for itself in it."""
    return re.sub(r"[\s()<>|\\`]", lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), link)

"""What the contract suite found, for a terminal."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evalyard._discovery import FoundPlugin
from evalyard.testing._result import CheckResult, Outcome

_MARKS: Final = {
    Outcome.PASSED: "[green]passed",
    Outcome.FAILED: "[bold red]FAILED",
    Outcome.SKIPPED: "[dim]skipped",
}


def show(found: FoundPlugin, results: Sequence[CheckResult]) -> None:
    """Print the checks of a plugin, and behind each failure what to do about it."""
    table = Table(
        box=None, pad_edge=False, title=f"{found.key} {found.version}", title_justify="left", show_header=False
    )
    for result in results:
        detail = escape(result.detail)
        if result.remedy:
            detail += f"\n[yellow]→ {escape(result.remedy)}"
        table.add_row(result.check, _MARKS[result.outcome], detail)
    failed = sum(result.outcome is Outcome.FAILED for result in results)
    console = Console()
    console.print(table)
    verdict = f"[bold red]{failed} of {len(results)} checks failed" if failed else "[green]It keeps the contract"
    console.print(f"{verdict}.\n")

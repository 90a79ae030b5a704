"""The suite: its checks, in their order, over one plugin."""

from collections.abc import Callable, Mapping
from typing import Final

from evalyard._discovery import FoundPlugin, discover
from evalyard._errors import EvalyardError, PluginLoadError
from evalyard.testing._metadata_checks import check_config, check_loads, check_summary, check_support, check_variables
from evalyard.testing._result import CheckResult, Outcome, failed, skipped
from evalyard.testing._scoring_checks import (
    check_determinism,
    check_hostile,
    check_optional,
    check_scores,
    check_speed,
    check_unchanged,
)
from evalyard.testing._subject import NoConfig, Subject

Check = Callable[[Subject], CheckResult]

_OF_ANY: Final[Mapping[str, Check]] = {
    "support": check_support,
    "loads": check_loads,
    "summary": check_summary,
    "config": check_config,
}
_OF_EVALUATORS: Final[Mapping[str, Check]] = {
    **_OF_ANY,
    "variables": check_variables,
    "scores": check_scores,
    "determinism": check_determinism,
    "optional variables": check_optional,
    "hostile values": check_hostile,
    "record unchanged": check_unchanged,
    "speed": check_speed,
}
#: The names of all checks, in their order.
CHECKS: Final = tuple(_OF_EVALUATORS)
_NEEDS_SCORES: Final = CHECKS[CHECKS.index("scores") + 1 :]


class ContractSuite:
    """The checks of one installed plugin; `close` it when they are done."""

    def __init__(self, found: FoundPlugin) -> None:
        self.found = found
        self._is_target = found.entry_point.group == "evalyard.targets"
        self._subject = Subject(found, is_target=self._is_target)
        self._results: dict[str, CheckResult] = {}

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of its checks; a target has those of its metadata only."""
        return tuple(_OF_ANY if self._is_target else _OF_EVALUATORS)

    def run(self, check: str) -> CheckResult:
        """Return what a check finds; never raises for what a plugin does, and tries each check once."""
        if check not in self._results:
            self._results[check] = self._tried(check)
        return self._results[check]

    def run_all(self, *, skip: frozenset[str] = frozenset()) -> list[CheckResult]:
        """Return what every check finds, but for those that are left out."""
        left_out = "Left out, as you asked."
        return [skipped(check, left_out) if check in skip else self.run(check) for check in self.checks]

    def close(self) -> None:
        """Tear down what was set up."""
        self._subject.close()

    def _blocked(self, check: str) -> CheckResult | None:
        """Return why a check is pointless after what an earlier one found."""
        needed = ["loads"] if check not in {"support", "loads"} else []
        needed += ["config", "scores"] if check in _NEEDS_SCORES else ["config"] if check == "scores" else []
        for name in needed:
            if self.run(name).outcome is Outcome.FAILED:
                return skipped(check, f"Needs the check {name!r} to pass.")
        if check in {"scores", *_NEEDS_SCORES} and (problem := self._subject.player.setup_problem):
            return skipped(check, f"It can't be set up here: {problem}")
        return None

    def _tried(self, check: str) -> CheckResult:
        try:
            return self._blocked(check) or _OF_EVALUATORS[check](self._subject)
        except (EvalyardError, NoConfig) as error:
            return failed(check, [str(error)], "See the checks before this one.")
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything, also when it is looked at
            return failed(check, [f"it raised {type(error).__name__}: {error}"], "See the documentation of Evaluator.")


def select(wanted: str | None) -> list[ContractSuite]:
    """Return the suites of a plugin (by key or bare name), of a distribution's plugins, or of all that are installed.

    Raises PluginLoadError where nothing is called so.
    """
    found = [*discover("evalyard.evaluators"), *discover("evalyard.targets")]
    chosen = [plugin for plugin in found if wanted is None or wanted in {plugin.key, plugin.distribution, plugin.name}]
    if not chosen:
        there = ", ".join(plugin.key for plugin in found) or "none"
        wanted = wanted or "anything"
        raise PluginLoadError(
            f"No plugin and no distribution {wanted!r} is installed here; there are: {there}. "
            "Install yours with `pip install -e .`.",
            key=wanted,
        )
    return [ContractSuite(plugin) for plugin in chosen]

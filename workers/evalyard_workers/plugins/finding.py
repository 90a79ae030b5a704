"""What is installed: plugins that this process imports, and offers of those that run elsewhere."""

import itertools
from dataclasses import dataclass
from typing import Final

import structlog

from evalyard import plugins as sdk

from .child import here
from .environments import Environment, environments
from .isolated import Offer
from .lending import CannotLend, lend
from .rules import PluginRules
from .versions import Installed, Versions

_log = structlog.get_logger(__name__)

_EVALUATORS: Final = "evalyard.evaluators"
_TARGETS: Final = "evalyard.targets"


@dataclass(frozen=True, slots=True)
class Found:
    """What this process imports, with the versions of all that its distributions need, and what runs elsewhere."""

    evaluators: list[sdk.FoundPlugin]
    targets: list[sdk.FoundPlugin]
    versions: dict[str, Versions]
    elsewhere: list[Offer]


def find(rules: PluginRules) -> Found:
    """Find what is installed beside this process and in environments, without importing any of it."""
    installed = Installed()
    offers = [_offer(environment, rules) for environment in environments(rules.folder)]
    isolated = {found.key for offer in offers for found in offer.plugins}
    beside = [rules.judge(found) for found in sdk.discover(_EVALUATORS) if found.key not in isolated]
    evaluators = [found for found in beside if found.problem is not None or not rules.isolates(found)]
    targets = [rules.judge(found) for found in sdk.discover(_TARGETS)]
    elsewhere = [found for found in beside if found.problem is None and rules.isolates(found)]
    offers += [
        Offer(here(name), tuple(plugins), installed.versions(name))
        for name, plugins in itertools.groupby(elsewhere, lambda found: found.distribution)
    ]
    imported = {found.distribution for found in (*evaluators, *targets) if found.problem is None}
    return Found(evaluators, targets, {name: installed.versions(name) for name in imported}, offers)


def _offer(environment: Environment, rules: PluginRules) -> Offer:
    try:
        lend(environment)
    except (CannotLend, OSError) as error:
        # Its plugins say that their process does not start.
        _log.warning("an environment is not ready", environment=environment.name, problem=str(error))
    plugins = tuple(rules.judge(found) for found in environment.plugins(_EVALUATORS))
    return Offer(environment.home, plugins, Installed(environment.folders).versions(environment.name))

"""The plugin under test, loaded, with a config and cases made up for it."""

import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from evalyard._component import Component
from evalyard._config import Config
from evalyard._discovery import FoundPlugin
from evalyard._errors import VariableError
from evalyard._evaluator import Evaluator
from evalyard._loading import load_evaluator, load_target
from evalyard._typing import TypedVariables, value_schema
from evalyard._variables import VariableSpec, read_variables
from evalyard.testing._calling import Case, Player
from evalyard.testing._samples import HOSTILE, KINDS, ordinary


class NoConfig(Exception):
    """No config could be made up; the message says why."""


@dataclass
class Subject:
    """A plugin; its parts are made when they are first asked for."""

    found: FoundPlugin
    is_target: bool
    _players: list[Player] = field(default_factory=list)

    @cached_property
    def component(self) -> type[Component[Any]]:
        """The class; raises PluginLoadError."""
        return load_target(self.found) if self.is_target else load_evaluator(self.found)

    @property
    def evaluator(self) -> type[Evaluator[Any]]:
        """The class of an evaluator."""
        if not issubclass(self.component, Evaluator):
            raise TypeError(f"{self.found.key} is no evaluator")
        return self.component

    @cached_property
    def config(self) -> Config:
        """A config: the default one, or one out of the examples in its schema; raises NoConfig."""
        return made_up_config(self.component.Config)

    @cached_property
    def variables(self) -> tuple[VariableSpec, ...]:
        """Its variables."""
        return read_variables(self.evaluator)

    @cached_property
    def player(self) -> Player:
        """What calls it."""
        return self.new_player()

    def new_player(self) -> Player:
        """Return what calls another instance of it."""
        player = Player(lambda: self.evaluator(self.config))
        self._players.append(player)
        return player

    def cases(self) -> list[Case]:
        """Return ordinary cases, new ones each time; raises VariableError where a type's value can't be made up."""
        return [self.typed.read(self._values(kind)) for kind in range(KINDS)]

    @cached_property
    def typed(self) -> TypedVariables:
        """What checks its variables."""
        return TypedVariables(self.variables)

    def hostile_cases(self) -> list[tuple[str, Case]]:
        """Return cases with one hostile value each, and what it is; those that no worker lets through are left out."""
        found: list[tuple[str, Case]] = []
        for variable in self.variables:
            for name, value in HOSTILE.items():
                try:
                    case = self.typed.read({**self._values(0), variable.name: copy.deepcopy(value)})
                except VariableError:
                    continue
                if value is not None or variable.required:
                    found.append((f"{name} as {variable.name}", case))
        return found

    def close(self) -> None:
        """Tear down what was set up."""
        for player in self._players:
            player.close()

    def _values(self, kind: int) -> dict[str, Any]:
        made_up = {variable.name: ordinary(value_schema(variable), kind) for variable in self.variables}
        # An evaluator that changes a value must not change it for the next check.
        return copy.deepcopy(made_up)


def made_up_config(kind: type[Config]) -> Config:
    """Return a config; raises NoConfig."""
    schema = kind.model_json_schema()
    required = {name: schema["properties"][name] for name in schema.get("required", ())}
    values = {name: ordinary({**part, "$defs": schema.get("$defs", {})}, 0) for name, part in required.items()}
    problem = ""
    for given in (*schema.get("examples", ()), values, {}):
        try:
            return kind.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            problem = problem or f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise NoConfig(problem)

"""Which of an evaluator's declared variables its code reads."""

import ast
import inspect
import sys
import textwrap
from types import ModuleType
from typing import Any

from evalyard._evaluator import Evaluator
from evalyard._variables import VariableSpec, read_variables


def unused_variables(evaluator: type[Evaluator[Any]]) -> list[str] | None:
    """Name the variables that the code never mentions; None where the code is not there to be read.

    The parameters of `evaluate` have to be read in it; the keys of cases have to be written somewhere in the package.
    """
    variables = read_variables(evaluator)
    try:
        if evaluator.evaluate is not Evaluator.evaluate:
            return _unread_parameters(evaluator.evaluate, variables)
        return _unwritten_keys(evaluator, variables)
    except (OSError, TypeError, SyntaxError):
        return None


def _unread_parameters(method: Any, variables: tuple[VariableSpec, ...]) -> list[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(method))))
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    if "locals" in read:
        return []
    return [variable.name for variable in variables if variable.name not in read]


def _unwritten_keys(evaluator: type[Evaluator[Any]], variables: tuple[VariableSpec, ...]) -> list[str]:
    nodes = [node for module in _package_of(evaluator) for node in ast.walk(ast.parse(inspect.getsource(module)))]
    written = {node.value for node in nodes if isinstance(node, ast.Constant)}
    # `evaluate(**case)` in a class that gives all keys on is as good as naming them.
    given_on = any(isinstance(node, ast.keyword) and node.arg is None for node in nodes)
    return [] if given_on else [variable.name for variable in variables if variable.name not in written]


def _package_of(evaluator: type[Evaluator[Any]]) -> list[ModuleType]:
    """Return the modules of an evaluator's package that are loaded, or raise TypeError."""
    package = evaluator.__module__.partition(".")[0]
    found = [module for name, module in sys.modules.items() if name.partition(".")[0] == package]
    if not found:
        raise TypeError(f"the module of {evaluator.__name__} is not known")
    return found

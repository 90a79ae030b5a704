"""What OpenLLMetry's instrumentations put around the inputs and outputs of functions, of LangChain and of LangGraph."""

from collections.abc import Mapping
from typing import Any, Final

#: What stands in the one object together, and the parts of it that say what went in or came out.
_BESIDE_AN_INPUT: Final = {"tags", "metadata", "kwargs"}
_INPUTS: Final = ("inputs", "query", "input_str")
_OUTPUTS: Final = {"outputs": "kwargs", "output": "kwargs", "documents": "count"}


def unwrapped(value: Any) -> Any:
    """Return what went in or came out; a value that is wrapped in nothing known stays as it is.

    Of a function's call, one argument alone is itself, and named ones are an object.
    """
    if not isinstance(value, dict):
        return value
    names = value.keys()
    if names == {"args", "kwargs"}:
        return _called_with(value)
    if names >= _BESIDE_AN_INPUT:
        return next((value[name] for name in _INPUTS if value.get(name) is not None), value)
    return next((value[name] for name, beside in _OUTPUTS.items() if names == {name, beside}), value)


def _called_with(call: Mapping[str, Any]) -> Any:
    args, kwargs = call["args"], call["kwargs"]
    if not args:
        return kwargs
    return args[0] if isinstance(args, list) and len(args) == 1 and not kwargs else call

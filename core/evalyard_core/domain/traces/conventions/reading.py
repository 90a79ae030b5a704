"""Reading a span with the tables of all conventions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.domain.traces.spans import Meaning, ReceivedSpan, SpanKind, ToolCall

from .convention import Sources
from .errors import error_of
from .gen_ai import GEN_AI
from .messages import asked_tools
from .openinference import OPENINFERENCE
from .openllmetry import OPENLLMETRY
from .plain import PLAIN
from .sources import Source
from .values import amount_of, count_of, text_of, texts_of

#: OpenInference says the kind of every span, OpenLLMetry often only that there is a step.
CONVENTIONS: Final = (OPENINFERENCE, GEN_AI, OPENLLMETRY, PLAIN)


def _by_kind(tables: Iterable[Sources]) -> dict[SpanKind, tuple[Source, ...]]:
    tables = tuple(tables)
    return {
        kind: tuple(source for key in (kind, None) for table in tables for source in table.get(key, ()))
        for kind in SpanKind
    }


_KINDS: Final = tuple(entry for convention in CONVENTIONS for entry in convention.kinds.items())
_MARKS: Final = tuple(entry for convention in CONVENTIONS for entry in convention.marks.items())
_COSTS: Final = tuple(names for convention in CONVENTIONS for names in convention.costs)
_MODELS: Final = tuple(name for convention in CONVENTIONS for name in convention.models)
_INPUTS: Final = _by_kind(convention.inputs for convention in CONVENTIONS)
# The vectors of an embedding stay where they are, among the attributes: nobody reads them.
_OUTPUTS: Final = _by_kind(convention.outputs for convention in CONVENTIONS) | {SpanKind.EMBEDDING: ()}
#: What is one text, one number or one list of tags: the fields of `Convention` that name it, and how it is read.
_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "models": text_of,
    "providers": text_of,
    "prompt_tokens": count_of,
    "completion_tokens": count_of,
    "cached_tokens": count_of,
    "reasoning_tokens": count_of,
    "sessions": text_of,
    "users": text_of,
    "tags": texts_of,
    "tools": text_of,
}


def _index() -> dict[str, list[tuple[str, int]]]:
    """Return by name what an attribute says, and its place among those that say it too.

    Spans have fewer attributes than conventions have names, so that these are looked up, and not those.
    """
    index: dict[str, list[tuple[str, int]]] = {}
    for field in _READ:
        names = dict.fromkeys(name for convention in CONVENTIONS for name in getattr(convention, field))
        for place, name in enumerate(names):
            index.setdefault(name, []).append((field, place))
    return index


_INDEX: Final = _index()


def understand(span: ReceivedSpan, prices: PriceTable) -> Meaning:
    """Return what the conventions understand of a span; whatever its attributes are, this raises nothing.

    Input and output of a call of a model are messages (see messages.py), the output a single one where there is one
    answer. The tool calls are those that a model asked for, or the one that a span of the kind TOOL carried out.
    Tokens and cost are what the span says of itself; that an agent's sum up its calls is the trace's business.
    """
    kind, said = _kind_of(span), _said_in(span.attributes)
    given, made = _first(_INPUTS[kind], span), _first(_OUTPUTS[kind], span)
    return Meaning(
        kind=kind,
        input=given,
        output=made,
        model=said.get("models"),
        provider=said.get("providers"),
        prompt_tokens=said.get("prompt_tokens"),
        completion_tokens=said.get("completion_tokens"),
        cached_tokens=said.get("cached_tokens"),
        reasoning_tokens=said.get("reasoning_tokens"),
        cost_usd=_cost_of(span.attributes, said, prices),
        session=said.get("sessions"),
        user=said.get("users"),
        tags=said.get("tags", ()),
        tool_calls=_tool_calls(kind, said.get("tools", span.name), given, made),
        error=error_of(span),
    )


def _said_in(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what attributes say, by the fields of `_READ`; of several, what the first in order says."""
    found: dict[str, tuple[int, Any]] = {}
    for name in attributes.keys() & _INDEX.keys():
        for field, place in _INDEX[name]:
            if field not in found or place < found[field][0]:
                value = _READ[field](attributes[name])
                if value is not None:
                    found[field] = (place, value)
    return {field: value for field, (_, value) in found.items()}


def _kind_of(span: ReceivedSpan) -> SpanKind:
    attributes = span.attributes
    for name, kinds in _KINDS:
        value = attributes.get(name)
        if isinstance(value, str) and (kind := kinds.get(value.lower())) is not None:
            return kind
    return next((kind for name, kind in _MARKS if name in attributes), SpanKind.UNKNOWN)


def _first(sources: Iterable[Source], span: ReceivedSpan) -> Any:
    for source in sources:
        if (found := source(span)) is not None:
            return found
    return None


def _cost_of(attributes: Mapping[str, Any], said: Mapping[str, Any], prices: PriceTable) -> float | None:
    """Return the cost that the span names, else what its tokens cost at the prices of its model."""
    for names in _COSTS:
        if amounts := [amount for name in names if (amount := amount_of(attributes.get(name))) is not None]:
            return sum(amounts)
    prompt, completion = said.get("prompt_tokens"), said.get("completion_tokens")
    if not prices.by_model or (prompt is None and completion is None):
        return None
    models = (text for name in _MODELS if (text := text_of(attributes.get(name))) is not None)
    price = next((found for model in models if (found := prices.of(model)) is not None), None)
    if price is None:
        return None
    cached = said.get("cached_tokens", 0)
    return price.cost_usd(prompt_tokens=prompt or 0, cached_tokens=cached, completion_tokens=completion or 0)


def _tool_calls(kind: SpanKind, tool: str, given: Any, made: Any) -> tuple[ToolCall, ...]:
    if kind is SpanKind.TOOL:
        return (ToolCall(name=tool, arguments=given),)
    return asked_tools(made) if kind is SpanKind.LLM else ()

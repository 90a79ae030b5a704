"""Reading a span with the tables of all conventions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.domain.traces.spans import Meaning, OtelKind, ReceivedSpan, SpanKind, ToolCall

from .convention import Names, Sources
from .errors import error_of
from .gen_ai import GEN_AI
from .messages import asked_tools
from .openinference import OPENINFERENCE
from .openllmetry import OPENLLMETRY
from .plain import PLAIN
from .sources import Source
from .values import amount_of, count_of, text_of, texts_of

T = TypeVar("T")

#: OpenInference says the kind of every span, OpenLLMetry often only that there is a step.
CONVENTIONS: Final = (OPENINFERENCE, GEN_AI, OPENLLMETRY, PLAIN)


def _by_kind(tables: Iterable[Sources]) -> dict[SpanKind, tuple[Source, ...]]:
    tables = tuple(tables)
    return {
        kind: tuple(source for key in (kind, None) for table in tables for source in table.get(key, ()))
        for kind in SpanKind
    }


def _all(field: str) -> Names:
    """Return the names that conventions have for one thing, each once."""
    return tuple(dict.fromkeys(name for convention in CONVENTIONS for name in getattr(convention, field)))


_KINDS: Final = tuple(entry for convention in CONVENTIONS for entry in convention.kinds.items())
_MARKS: Final = tuple(entry for convention in CONVENTIONS for entry in convention.marks.items())
_COSTS: Final = tuple(names for convention in CONVENTIONS for names in convention.costs)
_INPUTS: Final = _by_kind(convention.inputs for convention in CONVENTIONS)
# The vectors of an embedding stay where they are, among the attributes: nobody reads them.
_OUTPUTS: Final = _by_kind(convention.outputs for convention in CONVENTIONS) | {SpanKind.EMBEDDING: ()}
_TOKENS: Final = {
    field: _all(field) for field in ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
}
_MODELS, _PROVIDERS, _TOOLS = _all("models"), _all("providers"), _all("tools")
_SESSIONS, _USERS, _TAGS = _all("sessions"), _all("users"), _all("tags")


def understand(span: ReceivedSpan, prices: PriceTable) -> Meaning:
    """Return what the conventions understand of a span; whatever its attributes are, this raises nothing.

    Input and output of a call of a model are messages (see messages.py), the output a single one where there is one
    answer. The tool calls are those that a model asked for, or the one that a span of the kind TOOL carried out.
    Tokens and cost are of spans that called a model themselves: see `_counts`.
    """
    attributes, kind = span.attributes, _kind_of(span)
    given, made = _first(_INPUTS[kind], span), _first(_OUTPUTS[kind], span)
    counts = _counts(span, kind)
    tokens = {field: _said(attributes, names, count_of) if counts else None for field, names in _TOKENS.items()}
    return Meaning(
        kind=kind,
        input=given,
        output=made,
        model=_said(attributes, _MODELS, text_of),
        provider=_said(attributes, _PROVIDERS, text_of),
        **tokens,
        cost_usd=_cost_of(attributes, tokens, prices) if counts else None,
        session=_said(attributes, _SESSIONS, text_of),
        user=_said(attributes, _USERS, text_of),
        tags=_said(attributes, _TAGS, texts_of) or (),
        tool_calls=_tool_calls(span, kind, given, made),
        error=error_of(span),
    )


def _kind_of(span: ReceivedSpan) -> SpanKind:
    attributes = span.attributes
    for name, kinds in _KINDS:
        value = attributes.get(name)
        if isinstance(value, str) and (kind := kinds.get(value.lower())) is not None:
            return kind
    return next((kind for name, kind in _MARKS if name in attributes), SpanKind.UNKNOWN)


def _counts(span: ReceivedSpan, kind: SpanKind) -> bool:
    """Tell whether the tokens that a span names are its own.

    An agent or a chain of this process sums up calls that have spans of their own, and a trace would count them twice;
    one that is called over the network has none here.
    """
    return kind not in (SpanKind.AGENT, SpanKind.CHAIN) or span.otel_kind is OtelKind.CLIENT


def _first(sources: Iterable[Source], span: ReceivedSpan) -> Any:
    for source in sources:
        if (found := source(span)) is not None:
            return found
    return None


def _said(attributes: Mapping[str, Any], names: Names, read: Callable[[Any], T | None]) -> T | None:
    for name in names:
        if name in attributes and (found := read(attributes[name])) is not None:
            return found
    return None


def _cost_of(attributes: Mapping[str, Any], tokens: Mapping[str, int | None], prices: PriceTable) -> float | None:
    """Return the cost that the span names, else what its tokens cost at the prices of its model."""
    for names in _COSTS:
        if amounts := [amount for name in names if (amount := amount_of(attributes.get(name))) is not None]:
            return sum(amounts)
    prompt, completion = tokens["prompt_tokens"], tokens["completion_tokens"]
    if not prices.by_model or (prompt is None and completion is None):
        return None
    models = (text for name in _MODELS if (text := text_of(attributes.get(name))) is not None)
    price = next((found for model in models if (found := prices.of(model)) is not None), None)
    if price is None:
        return None
    cached = tokens["cached_tokens"] or 0
    return price.cost_usd(prompt_tokens=prompt or 0, cached_tokens=cached, completion_tokens=completion or 0)


def _tool_calls(span: ReceivedSpan, kind: SpanKind, given: Any, made: Any) -> tuple[ToolCall, ...]:
    if kind is SpanKind.TOOL:
        return (ToolCall(name=_said(span.attributes, _TOOLS, text_of) or span.name, arguments=given),)
    return asked_tools(made) if kind is SpanKind.LLM else ()

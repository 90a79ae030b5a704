"""Reading a span with the tables of all conventions."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

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

#: OpenInference says the kind of every span, OpenLLMetry often only that there is a step.
CONVENTIONS: Final = (OPENINFERENCE, GEN_AI, OPENLLMETRY, PLAIN)


def _all(names: Iterable[Names]) -> Names:
    return tuple(dict.fromkeys(chain.from_iterable(names)))


def _by_kind(tables: Iterable[Sources]) -> dict[SpanKind, tuple[Source, ...]]:
    tables = tuple(tables)
    return {
        kind: tuple(source for key in (kind, None) for table in tables for source in table.get(key, ()))
        for kind in SpanKind
    }


_KINDS: Final = tuple(entry for convention in CONVENTIONS for entry in convention.kinds.items())
_MARKS: Final = tuple(entry for convention in CONVENTIONS for entry in convention.marks.items())
_INPUTS: Final = _by_kind(convention.inputs for convention in CONVENTIONS)
# The vectors of an embedding stay where they are, among the attributes: nobody reads them.
_OUTPUTS: Final = _by_kind(convention.outputs for convention in CONVENTIONS) | {SpanKind.EMBEDDING: ()}
_MODELS: Final = _all(convention.models for convention in CONVENTIONS)
_PROVIDERS: Final = _all(convention.providers for convention in CONVENTIONS)
_PROMPT_TOKENS: Final = _all(convention.prompt_tokens for convention in CONVENTIONS)
_COMPLETION_TOKENS: Final = _all(convention.completion_tokens for convention in CONVENTIONS)
_CACHED_TOKENS: Final = _all(convention.cached_tokens for convention in CONVENTIONS)
_REASONING_TOKENS: Final = _all(convention.reasoning_tokens for convention in CONVENTIONS)
_COSTS: Final = tuple(names for convention in CONVENTIONS for names in convention.costs)
_SESSIONS: Final = _all(convention.sessions for convention in CONVENTIONS)
_USERS: Final = _all(convention.users for convention in CONVENTIONS)
_TAGS: Final = _all(convention.tags for convention in CONVENTIONS)
_TOOLS: Final = _all(convention.tools for convention in CONVENTIONS)


def understand(span: ReceivedSpan, prices: PriceTable) -> Meaning:
    """Return what the conventions understand of a span; whatever its attributes are, this raises nothing.

    Input and output of a call of a model are messages (see messages.py), the output a single one where there is one
    answer. The tool calls are those that a model asked for, or the one that a span of the kind TOOL carried out.
    Tokens and cost are of spans that called a model themselves: see `_counts`.
    """
    attributes, kind = span.attributes, _kind_of(span)
    given, made = _first(_INPUTS[kind], span), _first(_OUTPUTS[kind], span)
    tokens = _tokens_of(attributes) if _counts(span, kind) else {}
    return Meaning(
        kind=kind,
        input=given,
        output=made[0] if kind is SpanKind.LLM and isinstance(made, list) and len(made) == 1 else made,
        model=_text(attributes, _MODELS),
        provider=_text(attributes, _PROVIDERS),
        **tokens,
        cost_usd=_cost_of(attributes, tokens, prices) if _counts(span, kind) else None,
        session=_text(attributes, _SESSIONS),
        user=_text(attributes, _USERS),
        tags=next((texts_of(attributes[name]) for name in _TAGS if name in attributes), ()),
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


def _text(attributes: Mapping[str, Any], names: Names) -> str | None:
    for name in names:
        if name in attributes and (found := text_of(attributes[name])) is not None:
            return found
    return None


def _count(attributes: Mapping[str, Any], names: Names) -> int | None:
    for name in names:
        if name in attributes and (found := count_of(attributes[name])) is not None:
            return found
    return None


def _tokens_of(attributes: Mapping[str, Any]) -> dict[str, int | None]:
    return {
        "prompt_tokens": _count(attributes, _PROMPT_TOKENS),
        "completion_tokens": _count(attributes, _COMPLETION_TOKENS),
        "cached_tokens": _count(attributes, _CACHED_TOKENS),
        "reasoning_tokens": _count(attributes, _REASONING_TOKENS),
    }


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
        return (ToolCall(name=_text(span.attributes, _TOOLS) or span.name, arguments=given),)
    return asked_tools(made) if kind is SpanKind.LLM else ()

"""Ask an OpenAI-compatible endpoint: what evaluators that need a language model or embeddings have in common.

It offers no plugin of its own. `EndpointConfig` is the base of an evaluator's config, `Endpoint` asks, and
`EndpointError` says in a sentence what went wrong, without the key.
"""

from evalyard_openai._batches import Scored, score_each
from evalyard_openai._config import EndpointConfig, Prices
from evalyard_openai._endpoint import Answer, Embedded, Endpoint, as_unicode
from evalyard_openai._errors import EndpointError
from evalyard_openai._usage import Usage

__all__ = [
    "Answer",
    "Embedded",
    "Endpoint",
    "EndpointConfig",
    "EndpointError",
    "Prices",
    "Scored",
    "Usage",
    "as_unicode",
    "score_each",
]

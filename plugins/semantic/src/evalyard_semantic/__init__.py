"""How near two texts are in meaning: the cosine of their embeddings, scored for many records at once."""

from evalyard_semantic._embedding_similarity import EmbeddingSimilarity, EmbeddingSimilarityConfig
from evalyard_semantic._local_similarity import LocalSimilarity, LocalSimilarityConfig

__all__ = [
    "EmbeddingSimilarity",
    "EmbeddingSimilarityConfig",
    "LocalSimilarity",
    "LocalSimilarityConfig",
]

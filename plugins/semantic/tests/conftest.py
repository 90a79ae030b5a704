"""A real OpenAI-compatible server on the loopback interface, and a real model of eight words."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from evalyard_semantic import EmbeddingSimilarity, EmbeddingSimilarityConfig
from tests.fixtures.openai import openai, openai_process
from tests.support.openai_server import OpenAIServer

__all__ = ["make_evaluator", "model_folder", "openai", "openai_process"]

WORDS = {"[UNK]": (0, 0), "paris": (1, 0), "rome": (0, 1), "city": (1, 1), "town": (2, 2), "no": (-1, 0)}


@pytest.fixture
async def make_evaluator(openai: OpenAIServer) -> AsyncIterator[Callable[..., EmbeddingSimilarity]]:
    """Make evaluators that ask the server, closed after the test."""
    made: list[EmbeddingSimilarity] = []

    def make(**config: Any) -> EmbeddingSimilarity:
        plain = {"base_url": openai.url, "api_key": "${secret:OPENAI}", "model": "test-embedding"}
        made.append(EmbeddingSimilarity(EmbeddingSimilarityConfig.model_validate(plain | config)))
        return made[-1]

    yield make
    for evaluator in made:
        await evaluator.teardown()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model with a vector a word."""
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    folder = tmp_path_factory.mktemp("model")
    StaticModel(np.array(list(WORDS.values()), dtype=np.float32), tokenizer).save_pretrained(folder)
    return folder

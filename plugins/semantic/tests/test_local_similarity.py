import sys

import pytest

from evalyard import EvaluationError, Skip
from evalyard_semantic import LocalSimilarity, LocalSimilarityConfig


@pytest.fixture
def evaluator(model_folder):
    local = LocalSimilarity(LocalSimilarityConfig(model=str(model_folder)))
    local.setup()
    yield local
    local.teardown()


@pytest.mark.parametrize(
    ("output", "expected", "value"),
    [
        ("paris", "rome", 0.0),
        ("paris", "city", 2**-0.5),
        ("city", "town", 1.0),
        ("paris", "no", -1.0),
        # Model2Vec's README: a text's vector is the mean of its tokens'; (1, 0) and (0, 1) make (0.5, 0.5).
        ("paris rome", "city", 1.0),
        ("rome paris", "paris rome", 1.0),
        ("unknown", "paris", 0.0),
        ("\ud800\x00", "paris", 0.0),
    ],
)
def test_texts_are_compared_by_the_models_vectors(evaluator, output, expected, value):
    (score,) = evaluator.evaluate_batch([{"output": output, "expected": expected}])
    assert score.value == pytest.approx(value, abs=1e-7)


def test_a_batch_keeps_its_order(evaluator):
    scores = evaluator.evaluate_batch(
        [
            {"output": None, "expected": "paris"},
            {"output": "paris", "expected": None},
            {"output": "paris", "expected": "no"},
            {"output": "town", "expected": "city"},
        ]
    )
    assert isinstance(scores[1], Skip)
    assert [round(score.value, 6) for score in scores if not isinstance(score, Skip)] == [0.0, -1.0, 1.0]
    assert scores[2].explanation == 'The output is "paris", expected was "no".'


def test_without_model2vec_the_extra_is_named(model_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(EvaluationError, match=r'run `pip install "evalyard-semantic\[local\]"`'):
        LocalSimilarity(LocalSimilarityConfig(model=str(model_folder))).setup()


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(EvaluationError, match=r"can't be loaded \(.+\): name a folder with a Model2Vec model"):
        LocalSimilarity(LocalSimilarityConfig(model=str(tmp_path))).setup()


def test_scoring_needs_a_setup(model_folder):
    with pytest.raises(EvaluationError, match="call setup first"):
        LocalSimilarity(LocalSimilarityConfig(model=str(model_folder))).evaluate_batch(
            [{"output": "a", "expected": "b"}]
        )


def test_the_package_is_imported_without_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] in {"evalyard_semantic", "model2vec"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "model2vec", None)
    __import__("evalyard_semantic")

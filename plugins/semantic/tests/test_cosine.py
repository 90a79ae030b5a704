import math
import random

import numpy as np
import pytest
from autoevals import EmbeddingSimilarity as Autoevals
from scipy.spatial.distance import cosine as distance

from evalyard_semantic._cosine import cosine, unit
from evalyard_semantic._pairs import apportion


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        # The examples of scipy.spatial.distance.cosine, which is 1 minus this.
        ([1, 0, 0], [0, 1, 0], 1 - 1.0),
        ([100, 0, 0], [0, 1, 0], 1 - 1.0),
        ([1, 1, 0], [0, 1, 0], 1 - 0.29289321881345254),
        ([1, 2], [2, 4], 1.0),
        ([1, 2], [-1, -2], -1.0),
        ([0, 0], [1, 2], 0.0),
        ([1e308, 1e308], [1e308, 1e308], 1.0),
        ([1.7e308, 1.7e308], [1.7e308, 1.7e308], 0.0),
        ([5e-324, 0], [1, 0], 1.0),
    ],
)
def test_the_cosine_is_that_of_published_examples(one, other, value):
    assert cosine(unit(one), unit(other)) == pytest.approx(value, abs=1e-15)


def test_the_cosine_agrees_with_scipy_numpy_and_autoevals():
    chance = random.Random(7)
    for _ in range(50):
        one, other = ([chance.gauss(0, 1) for _ in range(1536)] for _ in range(2))
        value = cosine(unit(one), unit(other))
        assert value == pytest.approx(1 - distance(one, other), abs=1e-14)
        assert value == pytest.approx(
            float(np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other)), abs=1e-14
        )
        assert value == pytest.approx(Autoevals.cosine_similarity(one, other), abs=1e-14)


def test_a_vector_is_at_most_as_near_as_itself():
    chance = random.Random(7)
    for _ in range(100):
        vector = unit([chance.gauss(0, 1) for _ in range(300)])
        assert cosine(vector, vector) <= 1.0
        assert math.isclose(cosine(vector, vector), 1.0, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1], [5, 5]),
        (10, [1, 1, 1], [4, 3, 3]),
        (0, [3, 4], [0, 0]),
        (1, [1, 5], [0, 1]),
        (100, [1, 98, 1], [1, 98, 1]),
    ],
)
def test_shares_add_up(total, weights, shares):
    assert apportion(total, weights) == shares
    assert sum(apportion(total, weights)) == total

import pytest

from evalyard import TargetError
from evalyard.secrets import find_references, resolve

ENVIRON = {"EVALYARD_SECRET_TOKEN": r"s3\1cret", "EVALYARD_SECRET_B": "${secret:TOKEN}", "MONGODB_PASSWORD": "hidden"}


def test_references_are_replaced():
    assert resolve("Bearer ${secret:TOKEN}, ${secret:TOKEN}", ENVIRON) == r"Bearer s3\1cret, s3\1cret"
    assert resolve("nothing $here {} ${other:X}", ENVIRON) == "nothing $here {} ${other:X}"


def test_a_value_is_not_searched_for_references():
    assert resolve("${secret:B}", ENVIRON) == "${secret:TOKEN}"


def test_references_are_named_by_their_variable():
    assert find_references("${secret:TOKEN} ${secret:B}") == ("EVALYARD_SECRET_TOKEN", "EVALYARD_SECRET_B")


@pytest.mark.parametrize("name", ["MONGODB_PASSWORD", "../TOKEN", "token", "", "TOKEN "])
def test_only_secrets_can_be_reached(name):
    with pytest.raises(TargetError) as caught:
        resolve(f"${{secret:TOKEN}} ${{secret:{name}}}", ENVIRON)
    assert caught.value.code == "SECRET_MISSING"
    assert caught.value.retryable is False
    assert str(caught.value) == (
        f"The environment variable EVALYARD_SECRET_{name} is not set: set it for the worker and restart it."
    )

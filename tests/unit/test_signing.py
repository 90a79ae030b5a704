"""Signatures."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.signing import is_signed, new_secret, sign
from tests.fixtures.core import QUICK


def test_a_signature_is_the_hmac_of_the_published_test_case():
    """RFC 4231, section 4.3 (test case 2)."""
    published = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    signature = sign(b"Jefe", b"what do ya want for nothing?")
    assert len(signature) == 43
    assert base64.urlsafe_b64decode(f"{signature}=") == published


@QUICK
@given(st.binary(), st.binary())
def test_a_message_is_known_again_and_no_other(message: bytes, other: bytes):
    secret = new_secret()
    signature = sign(secret, message)
    assert is_signed(secret, message, signature)
    assert is_signed(secret, other, signature) is (other == message)
    assert not is_signed(new_secret(), message, signature)


@pytest.mark.parametrize("signature", ["", "x", "é", "\ud800"])
def test_what_is_no_signature_is_none(signature: str):
    assert not is_signed(b"secret", b"message", signature)

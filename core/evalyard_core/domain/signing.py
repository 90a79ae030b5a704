"""Signatures by which a server knows its own words again: HMAC (RFC 2104) with SHA-256."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

SIGNATURE_LENGTH: Final = 43


def new_secret() -> bytes:
    """Return a secret of as many bits as the hash has; a longer one would not be stronger (RFC 2104, section 3)."""
    return secrets.token_bytes(32)


def sign(secret: bytes, message: bytes) -> str:
    """Return the signature of a message: base64url (RFC 4648, section 5) without padding."""
    return base64.urlsafe_b64encode(hmac.digest(secret, message, hashlib.sha256)).rstrip(b"=").decode()


def is_signed(secret: bytes, message: bytes, signature: str) -> bool:
    """Tell whether a signature is that of a message; takes as long for one that is nearly right."""
    return hmac.compare_digest(sign(secret, message).encode(), signature.encode(errors="replace"))

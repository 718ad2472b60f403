"""Envelope encryption: a key per person wrapped by a key per tenant, wrapped by the installation's master key.

AES-256-GCM everywhere; the associated data ties a ciphertext to its tenant, person, table and column, so that a row
copied elsewhere does not open. Erasing a person destroys that person's key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import uuid
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
NONCE = 12


class CannotDecrypt(Exception):
    """The ciphertext, its place or its key is not the right one. It never says which."""


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return AESGCM.generate_key(256)


def seal(key: bytes, plaintext: bytes, context: str) -> bytes:
    """version | nonce | ciphertext. `context` is authenticated, not stored."""
    nonce = os.urandom(NONCE)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """The plaintext. Raises CannotDecrypt."""
    if sealed[:1] != VERSION or len(sealed) < 1 + NONCE + 16:
        raise CannotDecrypt("unreadable")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], context.encode())
    except InvalidTag as error:
        raise CannotDecrypt("unreadable") from error


def unseal_any(keys: tuple[bytes, ...], sealed: bytes, context: str) -> bytes:
    """As `unseal`, trying each key in turn (rotation of the master key). Raises CannotDecrypt."""
    for key in keys:
        try:
            return unseal(key, sealed, context)
        except CannotDecrypt:
            continue
    raise CannotDecrypt("unreadable")


def derive(key: bytes, purpose: str) -> bytes:
    """A key for one purpose from another key (HKDF-SHA256)."""
    return HKDF(SHA256(), 32, None, purpose.encode()).derive(key)


def blind_index(key: bytes, value: str, purpose: str) -> bytes:
    """A keyed digest for equality and uniqueness without storing the value in clear."""
    return hmac.new(derive(key, "blind:" + purpose), value.encode(), hashlib.sha256).digest()


def blinder(key: bytes, purpose: str) -> Callable[[str], bytes]:
    """`blind_index` for many values of one purpose: the key is derived once."""
    derived = derive(key, "blind:" + purpose)
    return lambda value: hmac.digest(derived, value.encode(), "sha256")


def new_token() -> str:
    """A secret for links and sessions: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a token: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def same(a: str | bytes, b: str | bytes) -> bool:
    """Comparison in constant time."""
    left = a.encode() if isinstance(a, str) else a
    right = b.encode() if isinstance(b, str) else b
    return hmac.compare_digest(left, right)


def context_of(tenant_id: int, person_id: uuid.UUID, table: str, column: str) -> str:
    """The associated data of a sealed column."""
    return f"{tenant_id}|{person_id}|{table}|{column}"

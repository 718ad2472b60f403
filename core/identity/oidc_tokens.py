"""Tokens of providers: opened, signature checked against the provider's present keys, claims held against the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core import clock
from core.identity import oidc_http
from core.identity.provider_failures import Failure
from core.identity.providers import Way
from core.lazy import lazy

if TYPE_CHECKING:
    from authlib.oidc import core as oidc_core
    from joserfc import errors, jwe, jwt
else:
    oidc_core, errors = lazy("authlib.oidc.core"), lazy("joserfc.errors")
    jwe, jwt = lazy("joserfc.jwe"), lazy("joserfc.jwt")

LEEWAY_SECONDS = 60
SIGNATURES = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
WRAPPINGS = ("RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
CIPHERS = ("A256GCM", "A128GCM", "A128CBC-HS256", "A256CBC-HS512")
_ENCRYPTED_PARTS = 5


def opened(way: Way, token: str) -> str:
    """The signed token inside an encrypted one. What should be encrypted and is not is refused, and the reverse.

    Raises Failure `not_encrypted`, `token_invalid`.
    """
    if (token.count(".") == _ENCRYPTED_PARTS - 1) != way.encrypted:
        raise Failure("not_encrypted")
    if not way.encrypted:
        return token
    keys = way.keys
    if keys is None:
        raise Failure("not_ready")
    # Providers name the key or not: after a rotation the old one still opens what is under way.
    for key in keys:
        try:
            plain = jwe.decrypt_compact(token, key, algorithms=[*WRAPPINGS, *CIPHERS]).plaintext
        except (errors.JoseError, ValueError, TypeError):
            continue
        return (plain or b"").decode("ascii", "replace")
    raise Failure("token_invalid")


def signed(metadata: Mapping[str, Any], token: str) -> jwt.Token:
    """A token whose signature fits one of the provider's keys; fetched anew once, for keys that were rotated.

    Raises Failure `bad_signature`, `provider_down`.
    """
    for fresh in (False, True):
        keys = oidc_http.key_set(metadata["jwks_uri"], fresh=fresh)
        try:
            return jwt.decode(token, keys, algorithms=list(SIGNATURES))
        except (errors.InvalidKeyIdError, errors.BadSignatureError, errors.UnsupportedKeyUseError) as error:
            if fresh:
                raise Failure("bad_signature") from error
        except (errors.JoseError, ValueError, TypeError) as error:
            raise Failure("bad_signature") from error
    raise Failure("bad_signature")


def id_claims(
    way: Way, metadata: Mapping[str, Any], token: jwt.Token, *, nonce: str, access_token: str
) -> dict[str, Any]:
    """The claims of an ID token made for this portal, this sign-in, now, at a level that is accepted.

    Raises Failure `unknown_issuer`, `wrong_nonce`, `level_too_low`, `token_invalid`.
    """
    if token.claims.get("iss") != metadata["issuer"]:
        raise Failure("unknown_issuer")
    if token.claims.get("nonce") != nonce:
        raise Failure("wrong_nonce")
    claims = oidc_core.CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": way.client_id},
            "sub": {"essential": True},
        },
        params={"nonce": nonce, "client_id": way.client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY_SECONDS)
    except (errors.ClaimError, errors.JoseError, ValueError, TypeError) as error:
        raise Failure("token_invalid") from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise Failure("token_invalid")
    if way.acr and claims.get("acr") not in way.acr:
        raise Failure("level_too_low")
    return dict(claims)


def userinfo(way: Way, metadata: Mapping[str, Any], access_token: str, subject: str) -> dict[str, Any]:
    """What the provider says of the person: plain JSON, or signed (and encrypted). It is of the same subject.

    Raises Failure `userinfo_mismatch`, `bad_signature`, `not_encrypted`, `provider_down`.
    """
    if way.userinfo == "none":
        return {}
    wanted = "application/jwt" if way.userinfo == "signed" else "application/json"
    kind, body = oidc_http.get(
        str(metadata.get("userinfo_endpoint")), {"Accept": wanted, "Authorization": f"Bearer {access_token}"}
    )
    if way.userinfo == "signed":
        if kind == "application/json":  # what must be signed and is not proves nothing
            raise Failure("bad_signature")
        claims = signed(metadata, opened(way, body.decode("ascii", "replace").strip())).claims
        audience = claims.get("aud", way.client_id)
        for_us = way.client_id in audience if isinstance(audience, list) else audience == way.client_id
        if claims.get("iss", metadata["issuer"]) != metadata["issuer"] or not for_us:
            raise Failure("unknown_issuer")
    else:
        claims = oidc_http.as_object(body)
    if claims.get("sub") != subject:
        raise Failure("userinfo_mismatch")
    return dict(claims)

"""A small identity provider of its own, as a process: what tests and a local portal sign in with. Never for production.

`python -m core.testing.oidc_provider --client ID --secret TEXT` prints one JSON line with its addresses once it listens.
The issuer lies on 127.0.0.1, the authorisation endpoint on localhost: two hosts, as real providers have. Anybody who
opens the authorisation page gets the person of the moment; POST /control changes that person and every fault to try.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import secrets
import sys
import time
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwe, jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

PERSON = {"sub": "person-1", "given_name": "Éloïse", "family_name": "N'Diaye", "birthdate": "1985-07-12"}
DEFAULTS: dict[str, Any] = {
    "person": PERSON,
    "acr": "eidas2",
    "id_token": {},  # claims that replace those of the ID token; null takes one away
    "userinfo": {},
    "userinfo_kind": "json",  # json, signed
    "encrypt": False,
    "error": "",  # what the authorisation endpoint answers instead of a code
    "token_error": "",
    "down": [],  # endpoints that answer 503
    "issuer": "",  # what the discovery document says instead
    "answer_issuer": None,  # `iss` of the answer; null leaves it out
    "foreign_key": False,  # sign with a key that nobody publishes
    "show_page": False,  # a page with two buttons, for real browsers
    "pause": 0.0,
}


class Provider:
    """The state of the process: its keys, codes given and not used yet, tokens, and what was asked of it."""

    def __init__(self, client_id: str, secret: str, issuer: str, front: str) -> None:
        self.client_id, self.secret, self.issuer, self.front = client_id, secret, issuer, front
        self.settings: dict[str, Any] = dict(DEFAULTS)
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []
        self.client_keys: KeySet | None = None
        self.stranger = RSAKey.generate_key(2048)
        self.rotate()

    def rotate(self) -> None:
        """A new signing key; the old one is published no longer."""
        self.key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": secrets.token_hex(4)})

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token; encrypted for the client too where that is set."""
        key = self.stranger if self.settings["foreign_key"] else self.key
        token = jwt.encode({"alg": "RS256", "kid": str(self.key.kid)}, claims, key)
        if not self.settings["encrypt"]:
            return token
        assert self.client_keys is not None, "no key of the client is known: POST /client-keys"
        target = next(k for k in self.client_keys if k.get("use") in (None, "enc"))
        return jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT"}, token, target)


def _replaced(claims: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in (claims | by).items() if v is not None}


def _json_error(error: str, status: int = 400) -> Response:
    answer: Response = jsonify({"error": error})
    answer.status_code = status
    return answer


def make_app(made: Provider) -> Flask:
    """The provider's pages and endpoints."""
    app = Flask("local_identity_provider")

    @app.before_request
    def down() -> Any:
        name = request.path.strip("/").rpartition("/")[2]
        if name in made.settings["down"]:
            return Response("maintenance", 503)
        if made.settings["pause"] and request.path != "/control":
            time.sleep(float(made.settings["pause"]))
        return None

    @app.post("/control")
    def control() -> Any:
        given = request.get_json()
        if given.pop("rotate", False):
            made.rotate()
        if given.pop("reset", False):
            made.settings, made.seen = dict(DEFAULTS), []
        made.settings |= given
        return jsonify({"seen": made.seen, "kid": made.key.kid})

    @app.post("/client-keys")
    def client_keys() -> Any:
        made.client_keys = KeySet.import_key_set(request.get_json())
        return jsonify({})

    @app.get("/.well-known/openid-configuration")
    @app.get("/realm/.well-known/wallet-openid-configuration")
    def discovery() -> Any:
        return jsonify(
            issuer=made.settings["issuer"] or made.issuer,
            authorization_endpoint=f"{made.front}/authorize",
            token_endpoint=f"{made.issuer}/token",
            userinfo_endpoint=f"{made.issuer}/userinfo",
            jwks_uri=f"{made.issuer}/jwks",
            end_session_endpoint=f"{made.front}/logout",
            authorization_response_iss_parameter_supported=made.settings["answer_issuer"] is not None,
        )

    @app.get("/jwks")
    def jwks() -> Any:
        made.seen.append({"at": "jwks"})
        return jsonify(KeySet([made.key]).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> Any:
        asked = request.args.to_dict()
        made.seen.append({"at": "authorize", "host": request.host, **asked})
        if made.settings["show_page"] and "choice" not in asked:
            return _page(asked)
        answer = {"state": asked.get("state", "")}
        if made.settings["answer_issuer"] is not None:
            answer["iss"] = made.settings["answer_issuer"] or made.issuer
        error = "access_denied" if asked.get("choice") == "stop" else made.settings["error"]
        if error:
            answer["error"] = error
        else:
            code = answer["code"] = secrets.token_urlsafe(16)
            made.codes[code] = asked
        return redirect(asked["redirect_uri"] + "?" + urlencode(answer))

    @app.post("/token")
    def token() -> Any:
        form = request.form.to_dict()
        made.seen.append({"at": "token", **form, "basic": bool(request.authorization)})
        if made.settings["token_error"]:
            return _json_error(made.settings["token_error"])
        if not _client_fits(made, form):
            return _json_error("invalid_client", 401)
        asked = made.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or asked.get("code_challenge") != challenge
            or asked.get("code_challenge_method") != "S256"
        ):
            return _json_error("invalid_grant")
        access, now = secrets.token_urlsafe(16), int(time.time())
        made.tokens[access] = {}
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": made.issuer, "sub": made.settings["person"]["sub"], "aud": made.client_id, "iat": now, "exp": now + 60,
            "nonce": asked.get("nonce"), "acr": made.settings["acr"],
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }  # fmt: skip
        signed = made.sign(_replaced(claims, made.settings["id_token"]))
        return jsonify(access_token=access, token_type="Bearer", expires_in=60, id_token=signed)

    @app.get("/userinfo")
    def userinfo() -> Any:
        access = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if made.tokens.pop(access, None) is None:
            return _json_error("invalid_token", 401)
        claims = _replaced(made.settings["person"], made.settings["userinfo"])
        if made.settings["userinfo_kind"] == "json":
            return jsonify(claims)
        signed = made.sign({"iss": made.issuer, "aud": made.client_id, **claims})
        return Response(signed, content_type="application/jwt")

    @app.get("/logout")
    def logout() -> Any:
        made.seen.append({"at": "logout", **request.args.to_dict()})
        return redirect(request.args["post_logout_redirect_uri"])

    return app


def _client_fits(made: Provider, form: dict[str, str]) -> bool:
    basic = request.authorization
    if basic is not None:
        return (basic.username, basic.password) == (made.client_id, made.secret)
    if form.get("client_assertion"):
        if made.client_keys is None:
            return False
        try:
            claims = jwt.decode(form["client_assertion"], made.client_keys, algorithms=["RS256", "ES256"]).claims
        except Exception:
            return False
        for_us = claims["sub"] == made.client_id and claims["aud"] == f"{made.issuer}/token"
        return bool(for_us and claims["exp"] > time.time())
    return form.get("client_id") == made.client_id and form.get("client_secret") == made.secret


def _page(asked: dict[str, str]) -> str:
    def link(choice: str) -> str:
        return html.escape("/authorize?" + urlencode(asked | {"choice": choice}))

    return (
        '<!doctype html><html lang="en"><title>Local identity</title><link rel="icon" href="data:,"><h1>Local identity</h1>'
        f'<p><a id="go" href="{link("go")}">It is me</a></p><p><a id="stop" href="{link("stop")}">Stop</a></p></html>'
    )


def main() -> int:
    """Listen on a free port (or the one given) until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", default="portico-local")
    parser.add_argument("--secret", default="local secret")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    app = Flask("starting")
    server = make_server("127.0.0.1", given.port, app, threaded=True)
    issuer, front = f"http://127.0.0.1:{server.server_port}", f"http://localhost:{server.server_port}"
    server.app = make_app(Provider(given.client, given.secret, issuer, front))
    print(json.dumps({"issuer": issuer, "front": front, "client": given.client}), flush=True)  # noqa: T201
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Passkeys with an authenticator made of software: who signs in is the key's owner, whatever the browser says."""

import base64
import hashlib
import json
import os

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select

from core.db import db
from core.identity import accounts, recovery, sessions
from core.identity.models import Passkey

HOST = "frontalia.localhost"
ORIGIN = f"http://{HOST}:8000"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """Makes and uses one P-256 passkey; `verified` is whether it asked for PIN, finger or face."""

    def __init__(self, host=HOST, origin=ORIGIN, verified=True):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.host, self.origin, self.verified, self.count = os.urandom(32), host, origin, verified, 0

    def _client(self, kind, challenge):
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, attested=b""):
        self.count += 1
        flags = 0x01 | (0x04 if self.verified else 0) | (0x40 if attested else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4) + attested

    def create(self, options):
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        data = self._data(bytes(16) + len(self.id).to_bytes(2) + self.id + public)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer({"attestationObject": b64(attestation), "clientDataJSON": b64(client)})

    def get(self, options, user_handle=b""):
        data, client = self._data(), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "authenticatorData": b64(data),
                "clientDataJSON": b64(client),
                "signature": b64(signature),
                "userHandle": b64(user_handle),
            }
        )

    def _answer(self, response):
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


@pytest.fixture
def send():
    def post(browser, path, body=None):
        return browser.client.post(
            path,
            json=body or {},
            headers={**browser.headers, "X-CSRF-Token": browser.token()},
            base_url=ORIGIN,
        )

    return post


@pytest.fixture
def added(send, signed_in):
    def make(account, device=None):
        b, device = signed_in(account), device or Authenticator()
        options = send(b, "/account/security/passkeys/options").get_json()
        answer = send(b, "/account/security/passkeys", device.create(options))
        return device, answer

    return make


def test_a_passkey_is_both_factors_and_signs_its_owner_in(account, added, browse, send, rows):
    mine, other = account(), account(email="berta@example.org")
    device, answer = added(mine)
    assert answer.status_code == 200
    b = browse()
    options = send(b, "/sign-in/passkey/options", {"next": "/account/security"}).get_json()
    assert options["userVerification"] == "required"
    # The body claims to be somebody else; the stored key says who it is.
    claimed = device.get(options, user_handle=other.id.bytes) | {
        "account_id": str(other.id),
        "email": "berta@example.org",
    }
    done = send(b, "/sign-in/passkey", claimed)
    assert done.get_json() == {"next": "/account/security"}
    page = b.text(b.get("/account"))
    assert "anna@example.org" in page and "berta" not in page
    assert rows(lambda: sessions.listed(mine.id)[0].factors) in ("passkey", "password+code")
    assert rows(lambda: len(sessions.listed(other.id))) == 0


def test_an_answer_works_once_and_only_in_the_browser_that_asked(account, added, browse, send):
    device, _answer = added(account())
    b = browse()
    options = send(b, "/sign-in/passkey/options").get_json()
    credential = device.get(options)
    stranger = browse()
    assert send(stranger, "/sign-in/passkey", credential).status_code == 422
    assert send(b, "/sign-in/passkey", credential).status_code == 200
    b.post("/sign-out")
    assert send(b, "/sign-in/passkey", credential).status_code == 422


@pytest.mark.parametrize(
    "device",
    [Authenticator(verified=False), Authenticator(origin="https://evil.example"), Authenticator(host="evil.example")],
)
def test_a_key_without_verification_or_from_elsewhere_is_not_added(account, added, rows, device):
    _device, answer = added(account(), device)
    assert answer.status_code == 422
    assert rows(lambda: db.session.execute(select(func.count()).select_from(Passkey)).scalar_one()) == 0


def test_a_challenge_of_another_account_adds_nothing(account, signed_in, send, rows):
    mine, other = account(), account(email="berta@example.org")
    a, b = signed_in(mine), signed_in(other)
    device = Authenticator()
    options = send(a, "/account/security/passkeys/options").get_json()
    cookie = a.client.get_cookie("portico_sign_in", domain=HOST)
    b.client.set_cookie("portico_sign_in", cookie.value, domain=HOST)
    assert send(b, "/account/security/passkeys", device.create(options)).status_code == 422
    assert rows(lambda: db.session.execute(select(func.count()).select_from(Passkey)).scalar_one()) == 0


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {"rawId": 5}, {"rawId": "AA"}, {"id": "x", "rawId": "x", "response": {}, "type": "public-key"}],
)
def test_hostile_bodies_are_refused_without_a_crash(browse, send, portals, body):
    b = browse()
    send(b, "/sign-in/passkey/options")
    answer = b.client.post(
        "/sign-in/passkey", json=body, headers={**b.headers, "X-CSRF-Token": b.token()}, base_url=ORIGIN
    )
    assert answer.status_code == 422


def test_a_removed_key_or_an_opposition_ends_it(account, added, browse, send, signed_in, rows):
    mine = account()
    device, _answer = added(mine)
    passkey = rows(lambda: db.session.execute(select(Passkey.id)).scalar_one())
    stranger = signed_in(account(email="berta@example.org"))
    assert stranger.post(f"/account/security/passkeys/{passkey}/remove").status_code == 404
    rows(lambda: recovery.disable(accounts.by_id(mine.id)))
    b = browse()
    options = send(b, "/sign-in/passkey/options").get_json()
    assert send(b, "/sign-in/passkey", device.get(options)).status_code == 422
    assert b.get("/account").status_code == 302

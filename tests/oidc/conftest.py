"""A portal with providers, and a real provider beside it: a process of its own, over real sockets."""

import copy
import json
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import KeySet, RSAKey

from core.consent import service as consent
from core.db import db
from core.identity import accounts, oidc_http, passwords, professionals, profile
from core.identity.accounts import Person
from core.tenancy import current, service

PASSWORD = "quince lantern orbit veil"
RPPS = "10000000017"
KEYS = KeySet(
    [
        RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "sign-1"}),
        RSAKey.generate_key(2048, {"use": "enc", "kid": "open-2"}),
        RSAKey.generate_key(2048, {"use": "enc", "kid": "open-1"}),
    ]
)


@pytest.fixture(scope="session")
def process():
    """The provider's process, with its addresses; stopped at the end."""
    child = subprocess.Popen(
        [sys.executable, "-m", "core.testing.oidc_provider", "--client", "portico-tests", "--secret", "local secret"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with child:
        found = json.loads(child.stdout.readline())
        yield SimpleNamespace(**found)
        child.terminate()


@pytest.fixture
def provider(process, monkeypatch):
    """The provider as it is at first; `provider(acr="eidas1", ...)` changes it and tells what it has seen."""
    oidc_http.forget()
    monkeypatch.setattr(oidc_http, "TIMEOUT", (5.0, 5.0))

    def control(**changes):
        return requests.post(f"{process.issuer}/control", json=changes, timeout=5).json()

    control(reset=True)
    requests.post(f"{process.issuer}/client-keys", json=KEYS.as_dict(private=False), timeout=5)
    control.issuer, control.front = process.issuer, process.front
    return control


@pytest.fixture
def own(provider):
    """The portal's own provider: an insurer's sign-on."""
    return {
        "code": "horizon", "client_id": "portico-tests", "label": {"fr": "Espace adhérent", "en": "Member area", "de": "Mitglied"},
        "audience": "patient", "discovery": f"{provider.issuer}/.well-known/openid-configuration",
        "secret_env": "PORTICO_OIDC_FRONTALIA__HORIZON", "acr": ["eidas1", "eidas2"], "acr_asked": "eidas2",
        "two_factors": [{"since": "2020-01-01", "acr": ["eidas1", "eidas2"]}, {"since": "2026-01-01", "acr": ["eidas2"]}],
    }  # fmt: skip


@pytest.fixture
def psc(provider):
    """Pro Santé Connect at the local provider: discovery with a name of its own, userinfo signed."""
    provider(acr="eidas1", userinfo_kind="signed")
    return {
        "code": "pro_sante_connect", "client_id": "portico-tests", "secret_env": "PORTICO_OIDC_FRONTALIA__HORIZON",
        "discovery": f"{provider.issuer}/realm/.well-known/wallet-openid-configuration", "issuer": provider.issuer,
        "two_factors": [{"since": "2026-01-01", "acr": ["eidas1"]}],
    }  # fmt: skip


@pytest.fixture
def enable(app, bundles, portals, monkeypatch):
    """Give the portal `frontalia` these providers, in a revision of its own."""
    secrets = {
        "PORTICO_OIDC_FRONTALIA__HORIZON": "local secret",
        "PORTICO_OIDC_FRONTALIA__KEYS": json.dumps(KEYS.as_dict(private=True)),
        "PORTICO_OIDC_RDV_CONFIANCE__OTHER": "another portal's",
    }
    settings = app.extensions["portico"].settings
    for name, value in secrets.items():
        monkeypatch.setitem(settings.provider_secrets, name, value)

    def store(*entries):
        changed = copy.deepcopy(bundles["frontalia"])
        changed["config"]["identity"]["providers"] = list(entries)
        service.store(changed, "tests")

    return store


@pytest.fixture(scope="session")
def hashed():
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def account(portals, hashed):
    """An open account that accepted what there is; `rpps` gives a professional a number."""

    def make(role="patient", rpps=None, **changed):
        given = {
            "first_name": "Anna", "last_name": "Schmit", "email": "anna@example.org", "phone": "+33612345678",
            "birth_date": "1985-07-12", "sex": "female",
        }  # fmt: skip
        with current.entered(portals["frontalia"].id):
            person = Person(**(given | changed))
            made = accounts.create_account(role, person, "", language="en", state="active", hashed=hashed)
            consent.accept(made.id, consent.to_accept(), language="en", way="registration")
            if role == "professional":
                professionals.declare(made, country="FR", specialty="general_practice", place="Metz")
                if rpps:
                    assert (
                        profile.set_identifier(made, profile.identifier_types("professional")["fr_rpps"], rpps) is None
                    )
            db.session.commit()
            db.session.expunge_all()
            return made

    return make


@pytest.fixture
def rows(portals):
    """Run a function inside the portal and drop the session after it."""

    def run(function):
        with current.entered(portals["frontalia"].id):
            result = function()
            db.session.commit()
            db.session.expunge_all()
            return result

    return run


@pytest.fixture
def there():
    """Leave the portal by a link, pass the provider's door, and give the path of the answer."""

    def go(browser, path="/sign-in/with/horizon"):
        left = browser.get(path)
        assert left.status_code == 302, browser.text(left)
        address = left.headers["Location"]
        answer = requests.get(address, allow_redirects=False, timeout=5)
        assert answer.status_code == 302
        back = urlsplit(answer.headers["Location"])
        assert back.netloc == f"{browser.host}:8000"
        return f"{back.path}?{back.query}", {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}

    return go


@pytest.fixture
def sign_in(there):
    """There and back: the portal's answer to what the provider says."""

    def go(browser, path="/sign-in/with/horizon"):
        return browser.get(there(browser, path)[0])

    return go


@pytest.fixture
def signed_in(browse, portals):
    """A browser of an account, signed in a moment ago."""
    from core.identity import sessions

    def make(made):
        browser = browse()
        with current.entered(portals["frontalia"].id):
            token = sessions.open_session(accounts.by_id(made.id), "password+code")
            db.session.commit()
        browser.client.set_cookie("portico_session", token, domain=browser.host)
        return browser

    return make


@pytest.fixture
def connect(signed_in, sign_in):
    """Connect an account with the identity of the moment; gives a fresh browser's worth of nothing back."""

    def go(made, code="horizon"):
        browser = signed_in(made)
        assert sign_in(browser, f"/account/security/providers/{code}").headers["Location"].endswith("/connect")
        answer = browser.post("/account/security/connect")
        assert "connected=1" in answer.headers.get("Location", ""), browser.text(answer)
        return browser

    return go

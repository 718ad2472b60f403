"""`identity.providers` of a tenant.yaml: each problem with line, key, what is allowed, and the nearest name."""

import pytest
import yaml

from core.hooks.manager import PluginRuntime
from core.hooks.specs import hookimpl
from core.hooks.types import IdentityProvider, ProviderSite
from core.messages import Message
from core.tenancy.golive import missing_for_live
from core.tenancy.loader import load_folder

SITE = ProviderSite("https://id.example", "https://id.example/.well-known/openid-configuration")
GOOD = {"code": "land_id", "client_id": "portico", "secret_env": "PORTICO_OIDC_DEMO_CLINIC__LAND"}
OWN = {
    "code": "horizon", "client_id": "portico", "secret_env": "PORTICO_OIDC_DEMO_CLINIC__HORIZON", "audience": "patient",
    "label": "Member area", "discovery": "https://sso.example.org/.well-known/openid-configuration",
}  # fmt: skip


class Identities:
    """Two providers: one with public addresses, one by contract that wants a scope and encrypts."""

    version = "1.0"
    portico_api = ">=1.0,<2"

    @hookimpl
    def identity_providers(self):
        return (
            IdentityProvider("land_id", Message("Land"), "patient", {"production": SITE}),
            IdentityProvider(
                "land_pro", Message("Pro"), "professional", {}, wanted_scopes=("service:",), encrypted=True,
                client_auth="private_key_jwt",
            ),
        )  # fmt: skip


@pytest.fixture
def check(folder, runtime: PluginRuntime):
    runtime.register(Identities(), "identities")

    def run(*entries):
        path = folder / "tenant.yaml"
        data = yaml.safe_load(path.read_text())
        data["plugins"] = {"identities": None}
        data.setdefault("identity", {})["providers"] = list(entries)
        path.write_text(yaml.safe_dump(data, allow_unicode=True))
        result = load_folder(folder, runtime)
        return [p for p in result.problems if "providers" in p.key], result

    return run


def test_a_plugins_provider_and_an_own_one_pass(check):
    problems, result = check(GOOD, OWN)
    assert problems == []
    stored = result.bundle["config"]["identity"]["providers"]
    assert [p["code"] for p in stored] == ["land_id", "horizon"]
    assert stored[0]["environment"] == "production"


@pytest.mark.parametrize(
    ("entry", "key", "words"),
    [
        (GOOD | {"code": "land_ib"}, "0.code", "did you mean `land_id`?"),
        (GOOD | {"code": "Land Id"}, "0.code", "small letters"),
        (GOOD | {"clientid": "x"}, "0.clientid", "did you mean `client_id`?"),
        ({k: v for k, v in GOOD.items() if k != "client_id"}, "0.client_id", "required and missing"),
        (GOOD | {"secret_env": "PORTICO_MASTER_KEY"}, "0.secret_env", "the name of a variable"),
        (GOOD | {"secret_env": "PORTICO_OIDC_OTHER__LAND"}, "0.secret_env", "secrets of its own only"),
        (GOOD | {"secret_env": "PORTICO_OIDC_DEMO_CLINIC__X__LAND"}, "0.secret_env", "secrets of its own only"),
        (GOOD | {"secret_env": "a secret itself"}, "0.secret_env", "the name of a variable"),
        (GOOD | {"environment": "prod"}, "0.environment", "allowed: production, test"),
        (GOOD | {"environment": "test"}, "0.discovery", "no public address for this environment"),
        (GOOD | {"label": "Mine"}, "0.label", "for an own provider only"),
        (GOOD | {"client_auth": "private_key_jwt"}, "0.key_env", "needed for private_key_jwt"),
        (GOOD | {"encrypted": True}, "0.key_env", "private keys"),
        (GOOD | {"two_factors": [{"since": "soon", "acr": ["x"]}]}, "0.two_factors.0.since", "a date such as"),
        (OWN | {"discovery": "http://sso.example.org/.well-known/openid-configuration"}, "0.discovery", "https"),
        (OWN | {"discovery": "https://sso.example.org/odd"}, "0.issuer", "does not end in"),
        (OWN | {"audience": "everybody"}, "0.audience", "allowed: patient, professional"),
        ({k: v for k, v in OWN.items() if k != "audience"}, "0.audience", "own needs this key"),
        (OWN | {"claims": {"firstname": "fn"}}, "0.claims.firstname", "did you mean `first_name`?"),
        (OWN | {"label": {"fr": "Espace"}}, "0.label", "no text in en"),
        (GOOD | {"code": "land_pro"}, "0.scopes", "begins with “service:”"),
    ],
)
def test_what_is_wrong_is_told_where(check, entry, key, words):
    problems, _result = check(entry)
    found = [p for p in problems if p.key == f"identity.providers.{key}"]
    assert found, [str(p) for p in problems]
    assert any(words in str(p) for p in found), [str(p) for p in found]
    assert all(p.line > 1 for p in found)


def test_twice_the_same_is_told(check):
    problems, _result = check(GOOD, dict(GOOD))
    assert [p.key for p in problems] == ["identity.providers.1.code"]


def test_a_portal_on_a_test_site_does_not_go_live(check, runtime):
    _problems, result = check(OWN | {"environment": "test"})
    keys = {m.key for m in missing_for_live(result.bundle, runtime)}
    assert "identity.providers.horizon" in keys

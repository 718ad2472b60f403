"""`identity_providers`: an address that can be trusted, a level that can be checked, readers that take any claims."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hooks.types import Exercise, IdentityProvider, ProviderSite

TRAITS = {"first_name", "last_name", "birth_date", "sex", "email", "email_verified", "phone"}
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("SubjectNameID", "preferred_username", "otherIds", "SubjectRefPro", "sub", "given_name")


def test_each_is_complete(implementation, says, is_code):
    for one in implementation():
        assert isinstance(one, IdentityProvider)
        is_code(one.code)
        says(implementation.plugin, one.label)
        if one.help is not None:
            says(implementation.plugin, one.help)
        assert one.audience in ("patient", "professional")
        assert "openid" in one.scopes
        assert one.client_auth in ("client_secret_post", "client_secret_basic", "private_key_jwt")
        assert one.userinfo in ("none", "json", "signed")
        assert set(one.claims) <= TRAITS
        assert all(names and all(isinstance(n, str) for n in names) for names in one.claims.values())


def test_addresses_are_https_and_say_the_issuer(implementation):
    for one in implementation():
        assert set(one.sites) <= {"production", "test"}
        for site in one.sites.values():
            assert isinstance(site, ProviderSite)
            for address in (site.issuer, site.discovery):
                parts = urlsplit(address)
                assert parts.scheme == "https" and parts.hostname and not parts.query and not parts.fragment
            assert site.discovery.startswith(site.issuer) and ".well-known/" in site.discovery


def test_what_is_two_factors_is_accepted_and_dated(implementation):
    for one in implementation():
        assert not one.acr_asked or one.acr_asked in one.acr
        for since, levels in one.two_factors.items():
            assert type(since) is dt.date
            assert set(levels) <= set(one.acr), "a level that is not even accepted"


def test_a_number_belongs_to_an_identifier_of_that_kind_of_account(implementation, everyone):
    kinds = {k.code: k for k in everyone.dispatcher([implementation.plugin]).collect("identifier_types")}
    for one in implementation():
        assert (one.identifier is None) == (one.number is None)
        assert one.identifier is None or kinds[one.identifier].holder == one.audience


@given(st.dictionaries(st.sampled_from(NAMES), json_like, max_size=5))
def test_any_claims_get_an_answer(implementation, claims):
    for one in implementation():
        if one.number is not None:
            assert isinstance(one.number(claims), (str, type(None)))
        if one.exercises is not None:
            found = one.exercises(claims)
            assert all(isinstance(e, Exercise) for e in found)
            assert len({e.code for e in found}) == len(found)
            assert found == one.exercises(dict(reversed(claims.items())))


@pytest.mark.parametrize("claims", [{}, {"SubjectRefPro": {"exercices": [{"activities": "x"}, 7, None]}}])
def test_missing_claims_are_nothing(implementation, claims):
    for one in implementation():
        assert one.number is None or one.number(claims) is None


def test_no_two_plugins_have_one_code(all_of):
    codes = [p.code for p in all_of("identity_providers")]
    assert len(codes) == len(set(codes))


def test_none_is_on_by_itself(everyone):
    from core.tenancy.schema_policies import Identity

    assert Identity().load({})["providers"] == []

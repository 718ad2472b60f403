"""Who is nothing else is “other”: proved by an identity document and its number, unproved without."""

from __future__ import annotations

import pytest

from core.hooks.manager import BUILTIN, Dispatcher
from core.identity.categories import ProfileFacts, resolve

DOCUMENT, NUMBER = frozenset({"identity_document"}), frozenset({"identity_number"})


@pytest.fixture
def dispatcher(app, runtime) -> Dispatcher:
    assert BUILTIN in runtime.modules
    return runtime.dispatcher(["jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be"])


@pytest.mark.rule("CB-054")
@pytest.mark.parametrize("facts", [
    ProfileFacts(),
    ProfileFacts(residence="FR", confirmed=True),
    ProfileFacts(residence="LU", confirmed=False, identifiers=frozenset({"lu_matricule"}), documents=frozenset({"cns_card"})),
])  # fmt: skip
def test_an_account_without_proof_is_other_and_unverified(dispatcher: Dispatcher, facts: ProfileFacts) -> None:
    found = resolve(facts, dispatcher)
    assert (found.code, found.verified) == ("other", False)
    assert found.missing


@pytest.mark.rule("CB-086")
@pytest.mark.parametrize(("identifiers", "documents", "verified"), [
    (NUMBER, DOCUMENT, True), (NUMBER, frozenset(), False), (frozenset(), DOCUMENT, False), (frozenset(), frozenset(), False),
])  # fmt: skip
def test_other_is_proved_by_number_and_copy_together(
    dispatcher: Dispatcher, identifiers: frozenset[str], documents: frozenset[str], verified: bool
) -> None:
    found = resolve(ProfileFacts("DE", None, True, identifiers, documents), dispatcher)
    assert (found.code, found.verified) == ("other", verified)
    assert bool(found.missing) == (not verified)


@pytest.mark.rule("CB-054")
def test_who_is_proved_to_be_somebody_is_not_other(dispatcher: Dispatcher) -> None:
    facts = ProfileFacts("FR", None, True, frozenset({"fr_nir"}) | NUMBER, frozenset({"vitale_card"}) | DOCUMENT)
    assert resolve(facts, dispatcher).code == "fr_resident"

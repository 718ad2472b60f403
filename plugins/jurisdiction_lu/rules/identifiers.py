"""Luxembourg numbers: the 13-digit matricule, the CNS provider code. Tolerant of spaces, dots and dashes."""

from __future__ import annotations

import re

from stdnum import luhn, verhoeff

from core.plugin_api import Checked, Domain

_ = Domain("jurisdiction_lu")
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015]")


def clean(typed: str) -> str:
    """The number without separators."""
    return _SEPARATORS.sub("", typed)


def check_matricule(typed: str) -> Checked:
    """National number: YYYYMMDD, 3 digits, Luhn digit, Verhoeff digit; both computed on the first 11 (facts 0.3)."""
    value, what = clean(typed), _("Luxembourg national number (matricule)")
    if not (value.isascii() and value.isdigit()):
        return Checked(value, _("{what}: only digits are expected.", what=what))
    if len(value) != 13:
        return Checked(value, _("{what}: 13 digits are expected, {found} were typed.", what=what, found=len(value)))
    month, day = int(value[4:6]), int(value[6:8])
    # Month and day are 00 where they are unknown.
    if month > 12 or day > 31:
        return Checked(
            value,
            _(
                "{what}: the date of birth in it, {date}, is not possible.",
                what=what,
                date=f"{value[6:8]}/{value[4:6]}/{value[:4]}",
            ),
        )
    if luhn.calc_check_digit(value[:11]) != value[11] or verhoeff.calc_check_digit(value[:11]) != value[12]:
        return Checked(value, _("{what}: one digit is probably wrong. Please compare with your card.", what=what))
    return Checked(value)


def check_provider_code(typed: str) -> Checked:
    """CNS provider code, NNNNNN-NN: shape only, its check rule is not public."""
    value = clean(typed)
    if not re.fullmatch(r"\d{8}", value, re.ASCII):
        return Checked(value, _("CNS provider code: 8 digits are expected, such as 123456-78."))
    return Checked(f"{value[:6]}-{value[6:]}")

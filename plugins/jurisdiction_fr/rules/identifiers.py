"""French numbers: NIR, RPPS, FINESS, ADELI, CPS card, SIREN, SIRET. Tolerant of spaces, dots and dashes."""

from __future__ import annotations

import re

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

from core.plugin_api import Checked, Domain, Message

_ = Domain("jurisdiction_fr")
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015]")
# Months of the NIR: real ones, and the codes for an unknown month (20, 30 to 42, 50 to 99).
_MONTHS = {*range(1, 13), 20, *range(30, 43), *range(50, 100)}


def clean(typed: str) -> str:
    """The number without separators, upper case."""
    return _SEPARATORS.sub("", typed).upper()


def _digits(value: str, length: int, what: Message) -> Message | None:
    if not (value.isascii() and value.isdigit()):
        return _("{what}: only digits are expected.", what=what)
    if len(value) != length:
        return _(
            "{what}: {length} digits are expected, {found} were typed.", what=what, length=length, found=len(value)
        )
    return None


def _probably_wrong(what: Message) -> Message:
    return _("{what}: one digit is probably wrong. Please compare with your card.", what=what)


def check_nir(typed: str) -> Checked:
    """The social-security number with its key, 15 characters (facts 0.2). Corsica counts as 19 and 18."""
    value, what = clean(typed), _("French social-security number")
    if len(value) != 15:
        return Checked(
            value,
            _("{what}: 15 characters are expected, key included; {found} were typed.", what=what, found=len(value)),
        )
    if not re.fullmatch(r"\d{5}(\d{2}|2[AB])\d{8}", value, re.ASCII):
        return Checked(value, _("{what}: only digits are expected, except 2A or 2B for Corsica.", what=what))
    if value[0] not in "123478":
        return Checked(
            value, _("{what}: the first digit must be 1 or 2 (3, 4, 7 or 8 for provisional numbers).", what=what)
        )
    if int(value[3:5]) not in _MONTHS:
        return Checked(value, _("{what}: the month of birth, “{month}”, is not possible.", what=what, month=value[3:5]))
    body = value[:13].replace("2A", "19", 1) if value[5:7] == "2A" else value[:13]
    body = body.replace("2B", "18", 1) if value[5:7] == "2B" else body
    if 97 - int(body) % 97 != int(value[13:]):
        return Checked(value, _probably_wrong(what))
    return Checked(value)


def check_rpps(typed: str, *, strict: bool = True) -> Checked:
    """RPPS, 11 digits, Luhn. Official samples break the check digit: not strict makes it a warning."""
    value, what = clean(typed), _("RPPS number")
    error = _digits(value, 11, what)
    if error:
        return Checked(value, error)
    if not luhn.is_valid(value):
        doubt = _probably_wrong(what)
        return Checked(value, doubt) if strict else Checked(value, warning=doubt)
    return Checked(value)


def check_finess(typed: str) -> Checked:
    """FINESS, 9 characters, first two the department; Luhn with the Corsican letter as 0."""
    value, what = clean(typed), _("FINESS number")
    if len(value) != 9:
        return Checked(
            value, _("{what}: {length} digits are expected, {found} were typed.", what=what, length=9, found=len(value))
        )
    if not re.fullmatch(r"(\d{2}|2[AB])\d{7}", value, re.ASCII):
        return Checked(value, _("{what}: only digits are expected, except 2A or 2B for Corsica.", what=what))
    if not luhn.is_valid(re.sub("[AB]", "0", value)):
        return Checked(value, _probably_wrong(what))
    return Checked(value)


def check_adeli(typed: str) -> Checked:
    """ADELI, a legacy alias: shape only."""
    value, what = clean(typed), _("ADELI number")
    if not re.fullmatch(r"(\d{2}|2[AB])\d{7}", value, re.ASCII):
        return Checked(
            value, _("{what}: {length} digits are expected, {found} were typed.", what=what, length=9, found=len(value))
        )
    return Checked(value)


def check_cps(typed: str) -> Checked:
    """CPS card number, 10 digits: shape only, never an identity."""
    value = clean(typed)
    return Checked(value, _digits(value, 10, _("CPS card number")))


def check_siren(typed: str) -> Checked:
    """SIREN, 9 digits, Luhn."""
    value, what = clean(typed), _("SIREN number")
    error = _digits(value, 9, what)
    if error is None and not siren.is_valid(value):
        error = _probably_wrong(what)
    return Checked(value, error)


def check_siret(typed: str) -> Checked:
    """SIRET, 14 digits, Luhn (with the post office's exception, in stdnum)."""
    value, what = clean(typed), _("SIRET number")
    error = _digits(value, 14, what)
    if error is None:
        try:
            siret.validate(value)
        except ValidationError:
            error = _probably_wrong(what)
    return Checked(value, error)

"""Belgian numbers: NISS and BIS, e-ID card, INAMI, KBO. Tolerant of spaces, dots, dashes and slashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum.be import bis, nn, vat

from core.plugin_api import Checked, Domain, Message

_ = Domain("jurisdiction_be")
_SEPARATORS = re.compile(r"[\s.\-/\u2010-\u2015]")


@dataclass(frozen=True, slots=True)
class NationalNumber:
    """What a national number tells: `kind` is niss or bis, `century` 1900 or 2000 (the key decides)."""

    kind: str
    century: int


def clean(typed: str) -> str:
    """The number without separators."""
    return _SEPARATORS.sub("", typed)


def _length(value: str, length: int, what: Message) -> Message | None:
    if not (value.isascii() and value.isdigit()):
        return _("{what}: only digits are expected.", what=what)
    if len(value) != length:
        return _(
            "{what}: {length} digits are expected, {found} were typed.", what=what, length=length, found=len(value)
        )
    return None


def _probably_wrong(what: Message) -> Message:
    return _("{what}: one digit is probably wrong. Please compare with your card.", what=what)


def read_national(value: str) -> NationalNumber | None:
    """Kind and century of a valid NISS or BIS number, None of an invalid one (facts 0.4)."""
    if not re.fullmatch(r"\d{11}", value, re.ASCII):
        return None
    if 97 - int(value[:9]) % 97 == int(value[9:]):
        century = 1900
    elif 97 - int("2" + value[:9]) % 97 == int(value[9:]):
        century = 2000
    else:
        return None
    if nn.is_valid(value):
        return NationalNumber("niss", century)
    if bis.is_valid(value):
        return NationalNumber("bis", century)
    return None


def check_niss(typed: str, *, strict: bool = True) -> Checked:
    """National register or BIS number. Official samples break the key: not strict makes it a warning."""
    value, what = clean(typed), _("Belgian national number (NISS)")
    error = _length(value, 11, what)
    if error:
        return Checked(value, error)
    if read_national(value) is None:
        doubt = _probably_wrong(what)
        return Checked(value, doubt) if strict else Checked(value, warning=doubt)
    return Checked(value)


def check_eid(typed: str) -> Checked:
    """e-ID card: 12 digits, the last two the first ten modulo 97 (97 for 0); foreigners' cards are B and 9 digits."""
    value, what = clean(typed).upper(), _("Belgian identity card (e-ID) number")
    if re.fullmatch(r"B\d{9}", value, re.ASCII):
        return Checked(value)
    error = _length(value, 12, what)
    if error is None and (int(value[:10]) % 97 or 97) != int(value[10:]):
        error = _probably_wrong(what)
    return Checked(value, error)


def check_inami(typed: str) -> Checked:
    """INAMI: 6 digits, 2 check digits (97 or 89 less the remainder), 3 of qualification; 8 digits are the key."""
    value, what = clean(typed), _("INAMI number")
    error = _length(value, 11, what)
    if error is None and int(value[6:8]) not in {m - int(value[:6]) % m for m in (97, 89)}:
        error = _probably_wrong(what)
    return Checked(value, error)


def check_kbo(typed: str) -> Checked:
    """Enterprise number: 10 digits, the first 0 or 1."""
    value, what = clean(typed), _("Enterprise number (BCE/KBO)")
    error = _length(value, 10, what)
    if error is None and not vat.is_valid(value):
        error = _probably_wrong(what)
    return Checked(value, error)

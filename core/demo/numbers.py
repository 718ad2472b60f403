"""Numbers with right check digits for invented people. The check rules are standards; the people do not exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random

from stdnum import luhn, verhoeff

_CROSSED = "12"


def nir(chance: Random, born: dt.date, sex: str) -> str:
    """A social-security number of 15 digits, the key included."""
    body = f"{2 if sex == 'female' else 1}{born:%y%m}57{chance.randint(1, 700):03d}{chance.randint(1, 900):03d}"
    return f"{body}{97 - int(body) % 97:02d}"


def matricule(chance: Random, born: dt.date, sex: str) -> str:
    """A national number of 13 digits: date of birth, serial, two check digits."""
    body = f"{born:%Y%m%d}{chance.randint(1, 999):03d}"
    return f"{body}{luhn.calc_check_digit(body)}{verhoeff.calc_check_digit(body)}"


def eid(chance: Random, born: dt.date, sex: str) -> str:
    """The number of an identity card, 12 digits."""
    body = f"59{_CROSSED[chance.randint(0, 1)]}{chance.randint(0, 9_999_999):07d}"
    return f"{body}{int(body) % 97 or 97:02d}"


def rpps(chance: Random, born: dt.date, sex: str) -> str:
    """A register number of 11 digits with its Luhn digit."""
    body = f"10{chance.randint(0, 99_999_999):08d}"
    return body + luhn.calc_check_digit(body)


def card(chance: Random, born: dt.date, sex: str) -> str:
    """The number of a professional's card, 10 digits."""
    return f"24{chance.randint(0, 99_999_999):08d}"


def identity(chance: Random, born: dt.date, sex: str) -> str:
    """The number of an identity document."""
    return f"{chance.randint(10, 99)}AB{chance.randint(0, 99_999):05d}"


MAKERS: dict[str, Callable[[Random, dt.date, str], str]] = {
    "fr_nir": nir,
    "lu_matricule": matricule,
    "be_eid": eid,
    "fr_rpps": rpps,
    "fr_cps": card,
    "identity_number": identity,
}

"""Kinds of fields of registration and profile: what is taken, what is refused, and the words for it."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from babel import Locale
from marshmallow import ValidationError, fields

from core import clock
from core.lazy import lazy
from core.messages import Message, _
from core.tenancy.current import current_tenant
from core.web.language import language

if TYPE_CHECKING:
    import phonenumbers
else:
    phonenumbers = lazy("phonenumbers")

REQUIRED = _("Please fill this in.")
NAME_MAX = 80
_NAME = re.compile(r"^[^\W\d_][\w\s.'’\-,]*\Z", re.UNICODE)
_NUMBER = re.compile(r"\d[\d\s]*\d[\d\s]*\d")
_EMAIL = re.compile(
    r"^[^@\s<>\"'\\,;:()\[\]]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z", re.IGNORECASE
)
_NO_COUNTRY = ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO")
_DAY_FIRST = re.compile(r"^(\d{1,2})[./\-\s](\d{1,2})[./\-\s](\d{4})\Z")


def clean(value: Any) -> str:
    """Typed text, composed, without control characters, trimmed and with single spaces."""
    text = unicodedata.normalize("NFC", str(value))
    text = "".join(" " if unicodedata.category(c) in ("Zl", "Zp") or c in "\t\n\r" else c for c in text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return " ".join(text.split())


class Typed(fields.String):
    """A typed text: cleaned, not blank where required, not longer than `most`."""

    default_error_messages = {"required": [REQUIRED], "null": [REQUIRED]}

    def __init__(self, label: Message, *, most: int = 200, required: bool = True, **more: Any) -> None:
        about: dict[str, Any] = {
            k: more.pop(k) for k in ("help", "autocomplete", "inputmode", "type", "options") if k in more
        }
        super().__init__(required=required, metadata={"label": label, **about}, **more)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = clean(value if isinstance(value, (str, int)) else "")
        if not text:
            if self.required:
                raise ValidationError([REQUIRED])
            return ""
        if len(text) > self.most:
            raise refuse(
                _("At most {count} characters are possible; {found} were typed.", count=self.most, found=len(text))
            )
        return self.check(text)

    def check(self, text: str) -> str:
        """The value, or a ValidationError that says what was found and how to mend it."""
        return text


def refuse(message: Message) -> ValidationError:
    """A validation error that carries a message to be said in the visitor's language."""
    return ValidationError([message])


class Name(Typed):
    """A first or last name: letters of any script, spaces, hyphens, apostrophes, dots."""

    def __init__(self, label: Message, **more: Any) -> None:
        super().__init__(label, most=NAME_MAX, **more)

    def check(self, text: str) -> str:
        # Three digits in a row are a number of a company, not somebody's name: accounts are for persons (CB-077, IA-051).
        if not _NAME.match(text) or any(c in text for c in "<>{}[]\\/|") or _NUMBER.search(text):
            raise refuse(_("A name is made of letters, spaces, hyphens and apostrophes."))
        return text


class Email(Typed):
    """An e-mail address, kept as typed; it is compared without regard to case."""

    def __init__(self, label: Message, **more: Any) -> None:
        super().__init__(label, most=254, type="email", autocomplete="email", inputmode="email", **more)

    def check(self, text: str) -> str:
        if not _EMAIL.match(text):
            raise refuse(_("An address such as name@example.org is expected; “{found}” was typed.", found=text[:60]))
        return text


class Mobile(Typed):
    """A mobile number, read in the portal's country unless it starts with +; kept as E.164."""

    def __init__(self, label: Message, **more: Any) -> None:
        super().__init__(label, most=30, type="tel", autocomplete="tel", inputmode="tel", **more)

    def check(self, text: str) -> str:
        wrong = _("A mobile number with its country code, such as +33 6 12 34 56 78 or +352 621 123 456, is expected.")
        try:
            number = phonenumbers.parse(text, current_tenant().config["country"])
        except phonenumbers.NumberParseException as error:
            raise refuse(wrong) from error
        kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
        if not phonenumbers.is_valid_number(number):
            raise refuse(wrong)
        if phonenumbers.number_type(number) not in kinds:
            raise refuse(_("This is not a mobile number: the sign-in code could not be sent to it."))
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class BirthDate(Typed):
    """A birth date: 2001-05-17 or 17/05/2001 (dots and hyphens too); kept as ISO text. Never in the future."""

    EARLIEST_YEAR = 1900

    def __init__(self, label: Message, **more: Any) -> None:
        super().__init__(label, most=20, type="date", autocomplete="bday", **more)

    def check(self, text: str) -> str:
        born = parse_date(text)
        if born is None:
            raise refuse(
                _("A date such as 17/05/1985 (day, month, year) is expected; “{found}” was typed.", found=text)
            )
        if born > clock.today(current_tenant().time_zone):
            raise refuse(_("This date lies in the future. Please check the year."))
        if born.year < self.EARLIEST_YEAR:
            raise refuse(_("This date lies too far back. Please check the year."))
        return born.isoformat()


def parse_date(text: str) -> dt.date | None:
    """A date typed with the year or the day first; None where it is none."""
    found = _DAY_FIRST.match(text)
    try:
        if found:
            return dt.date(int(found.group(3)), int(found.group(2)), int(found.group(1)))
        return dt.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


class Choice(Typed):
    """One of a list: `options` gives (value, label) pairs, known only when a tenant is."""

    def __init__(self, label: Message, options: Callable[[], list[tuple[str, Message | str]]], **more: Any) -> None:
        super().__init__(label, options=options, type=more.pop("type", "select"), **more)

    def check(self, text: str) -> str:
        if text not in {value for value, _label in self.metadata["options"]()}:
            raise refuse(_("Please choose one of the list."))
        return text


class Tick(Typed):
    """A box that must be ticked: a declaration, never ticked beforehand. The value is “yes”."""

    def __init__(self, label: Message, *, missing: Message, **more: Any) -> None:
        super().__init__(label, most=5, type="checkbox", error_messages={"required": [missing]}, **more)
        self.missing = missing

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if str(value).lower() not in ("yes", "true"):
            raise refuse(self.missing)
        return "yes"


class Secret(fields.String):
    """A password, exactly as typed: not trimmed, not normalised away."""

    default_error_messages = {"required": [REQUIRED], "null": [REQUIRED]}

    def __init__(self, label: Message, *, autocomplete: str, **more: Any) -> None:
        about = {"label": label, "type": "password", "autocomplete": autocomplete, "help": more.pop("help", None)}
        super().__init__(required=True, metadata=about, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or not value:
            raise ValidationError([REQUIRED])
        return unicodedata.normalize("NFC", value)


def country_options() -> list[tuple[str, Message | str]]:
    """Every country by its name in the visitor's language; the portal's neighbours come first."""
    names = {str(code): str(name) for code, name in Locale.parse(language()).territories.items()}
    all_codes = sorted(
        (c for c in names if len(c) == 2 and c.isalpha() and c not in _NO_COUNTRY), key=names.__getitem__
    )
    first = [c for c in ("FR", "LU", "BE", "DE") if c in all_codes]
    first.sort(key=lambda c: c != current_tenant().config["country"])
    return [(c, names[c]) for c in [*first, *(c for c in all_codes if c not in first)]]


def country_name(code: str) -> str:
    """A country's name in the visitor's language."""
    return str(Locale.parse(language()).territories.get(code, code))

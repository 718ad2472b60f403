"""What people declare of themselves: one declaration for the pages, the API and its description."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, validates_schema

from core import clock
from core.identity.fields import BirthDate, Choice, Email, Mobile, Name, Secret, Tick, Typed, country_options, refuse
from core.identity.policy import completed_years, own_words, password_help, password_problems, policy
from core.messages import Message, _
from core.tenancy.current import current_tenant

Errors = dict[str, list[Message]]
MAIDEN = _("As on your identity document.")


def sex_options() -> list[tuple[str, Message | str]]:
    """The choices for sex."""
    return [("female", _("Female")), ("male", _("Male")), ("other", _("Other or not specified"))]


def optional_countries() -> list[tuple[str, Message | str]]:
    """Countries, with the possibility to say nothing yet."""
    return [("", _("I will say later")), *country_options()]


def practice_options() -> list[tuple[str, Message | str]]:
    """The countries whose jurisdiction accepts professionals on this portal (CB-055)."""
    return [(p.country, p.label) for p in current_tenant().dispatcher.collect("practice_countries")]


class Form(Schema):
    """Unknown keys of a page's form (token, buttons) are left out."""

    class Meta:
        unknown = EXCLUDE


class PersonForm(Form):
    """The person behind an account: adults only (CB-050)."""

    first_name = Name(_("First name"), help=MAIDEN, autocomplete="given-name")
    last_name = Name(_("Last name"), help=MAIDEN, autocomplete="family-name")
    birth_date = BirthDate(_("Date of birth"), help=_("Day, month, year, such as 17/05/1985."))
    sex = Choice(_("Sex"), sex_options, type="radio")
    email = Email(_("E-mail address"), help=_("We send a link there to open your account."))
    phone = Mobile(_("Mobile number"), help=_("Sign-in codes are sent to it. Such as +33 6 12 34 56 78."))

    @validates_schema(skip_on_field_errors=False)
    def _adult(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        born = data.get("birth_date")
        least = policy()["minimum_age_years"]
        if born and completed_years(dt.date.fromisoformat(born), clock.today(current_tenant().time_zone)) < least:
            raise ValidationError(
                [
                    _(
                        "Accounts are for people of {age} and over. A parent or guardian can open one and add you to it.",
                        age=least,
                    )
                ],
                "birth_date",
            )


class _NewAccount(PersonForm):
    password = Secret(_("Password"), autocomplete="new-password", help=password_help)

    @validates_schema(skip_on_field_errors=False)
    def _strong(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if "password" in data:
            words = own_words(data.get("first_name", ""), data.get("last_name", ""), data.get("email", ""))
            problems = password_problems(data["password"], words)
            if problems:
                raise ValidationError(problems, "password")


UNDERTAKING = _(
    "I undertake to give complete, exact and current data, to take nobody else’s identity, and neither to hide nor to change my age."
)
"""What a beneficiary undertakes when opening an account; its digest goes on the trail (IA-058)."""


def patient_form() -> Schema:
    """The registration of patients of the present portal: with the postcode of the home where the portal asks for it."""
    return PatientForm() if policy()["residence_postcode"] else PatientForm(exclude=("postcode",))


class PatientForm(_NewAccount):
    """A patient's registration: seven fields are needed (CB-081), places are optional (CB-082)."""

    undertaking = Tick(UNDERTAKING, missing=_("Without this undertaking no account can be opened."))

    postcode = Typed(
        _("Postcode of your home"), most=12, inputmode="text", autocomplete="postal-code", help=_("Such as 75011.")
    )
    residence = Choice(
        _("Country where you live"), optional_countries, required=False, load_default="", autocomplete="country",
        help=_("Optional: it tells us which services are possible for you. You can say it later."),
    )  # fmt: skip
    workplace = Choice(
        _("Country where you work"), optional_countries, required=False, load_default="",
        help=_("Optional: it matters if you work across a border."),
    )  # fmt: skip


class ProfessionalForm(_NewAccount):
    """A professional's registration (CB-090); numbers and copies follow from the country (CB-091, CB-092)."""

    country = Choice(_("Country of practice"), practice_options)
    specialty = Typed(_("Specialty"), most=80)
    place = Typed(
        _("Place of practice"), most=200, autocomplete="street-address", help=_("Name and address of your practice.")
    )


class PersonalDataForm(Form):
    """What a person may change later without leaving the page; address and mobile ask for the password."""

    first_name = Name(_("First name"), autocomplete="given-name")
    last_name = Name(_("Last name"), autocomplete="family-name")
    birth_date = BirthDate(_("Date of birth"), help=_("Changes of this date are kept on record."))
    sex = Choice(_("Sex"), sex_options, type="radio")
    phone = Mobile(_("Mobile number"))
    email = Email(_("E-mail address"), help=_("A new address counts once you open the link that we send there."))
    _adult = PersonForm._adult


class PartyForm(Form):
    """A person of one of the parties, as the operator names them; codes may go to the mobile number."""

    first_name = Name(_("First name"))
    last_name = Name(_("Last name"))
    email = Email(_("E-mail address"), help=_("The invitation goes there. An address at work is best."))
    phone = Mobile(_("Mobile number"), help=_("Sign-in codes are sent to it. Such as +33 6 12 34 56 78."))


DECLARATION = _(
    "I declare that I alone am responsible for adding this person, and undertake to be able to prove the legal link at any time."
)
"""What the holder declares of somebody they add; its digest is kept with the date (CB-034)."""


class DependantForm(Form):
    """A minor or protected adult whom a patient acts for."""

    first_name = Name(_("First name"))
    last_name = Name(_("Last name"))
    birth_date = BirthDate(_("Date of birth"), help=_("Day, month, year, such as 17/05/2019."))
    sex = Choice(_("Sex"), sex_options, type="radio")
    relation = Choice(_("You are"), lambda: list(RELATIONS.items()), help=_("We may ask for a proof later."))
    declared = Tick(DECLARATION, missing=_("Without this declaration nobody can be added."))


RELATIONS: dict[str, Message | str] = {
    "parent": _("their parent, with parental authority"),
    "guardian": _("their guardian (tutor)"),
    "curator": _("their curator"),
    "mandate": _("entitled by a future protection mandate or family authorisation"),
}
MINOR_RELATIONS = ("parent", "guardian")
ADULT_RELATIONS = ("guardian", "curator", "mandate")


def check(schema: Schema, data: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """(valid data, errors by field): bad input raises nothing."""
    try:
        return schema.load(data), {}
    except ValidationError as error:
        found = {
            str(k): [m if isinstance(m, Message) else Message(str(m)) for m in v]
            for k, v in error.messages_dict.items()
        }
        return dict(error.valid_data) if isinstance(error.valid_data, dict) else {}, found


__all__ = [
    "ADULT_RELATIONS",
    "MINOR_RELATIONS",
    "RELATIONS",
    "DependantForm",
    "Errors",
    "PartyForm",
    "PatientForm",
    "PersonForm",
    "PersonalDataForm",
    "ProfessionalForm",
    "check",
    "patient_form",
    "refuse",
]

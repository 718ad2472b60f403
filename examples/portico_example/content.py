"""What Examplia adds to a portal: frozen values, made once."""

from __future__ import annotations

import datetime as dt
import json

from core.plugin_api import (
    AgendaEntry,
    AgendaFormat,
    Category,
    Checked,
    Condition,
    DocumentType,
    Domain,
    EmergencyNumber,
    Fund,
    HealthRegister,
    Holiday,
    IdentifierType,
    IdentityProvider,
    LegalReference,
    MessageTemplate,
    NoRuleInForce,
    Parameters,
    PharmacySpace,
    PracticeCountry,
    PrescriptionMention,
    ProcessingEntry,
    ProviderSite,
    RegisterField,
    RegisterFormat,
    Service,
    Specialty,
    Status,
    csv_reader,
)
from portico_example import listeners

_ = Domain("example")
ROOMS_LABEL = _("Rooms of Examplia")
COUNTRY = "XE"  # a code that no country will ever have


def check_number(typed: str) -> Checked:
    """EX and four digits that add up to a multiple of ten. A check takes any text and never raises."""
    value = typed.strip().upper().replace(" ", "")
    digits = value.removeprefix("EX")
    if len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
        return Checked(value, _("Number of Examplia: EX and four digits are expected, such as EX1234."))
    if sum(map(int, digits)) % 10:
        return Checked(value, _("Number of Examplia: one digit is probably wrong. Please compare with your card."))
    return Checked(f"EX{digits}")


CATEGORIES = (
    Category(
        "example_resident",
        _("Insured in Examplia"),
        _("You live in Examplia and have its card."),
        (
            Condition("residence", COUNTRY),
            Condition("identifier", "example_number"),
            Condition("document", "example_card"),
        ),
    ),
)
STATUSES = (
    Status(
        "example_frail",
        _("Frail"),
        _("You need more time."),
        ("example_resident",),
        (Condition("declared", "example_frail"),),
    ),
)
IDENTIFIERS = (
    IdentifierType(
        "example_number",
        _("Number on your card of Examplia"),
        COUNTRY,
        "patient",
        check_number,
        "EX1234",
        _("On the front."),
    ),
    IdentifierType(
        "example_licence", _("Licence of Examplia"), COUNTRY, "professional", check_number, "EX4321", secret=False
    ),
)
DOCUMENTS = (
    DocumentType("example_card", _("Copy of your card of Examplia"), "patient", COUNTRY),
    DocumentType("example_diploma", _("Copy of your diploma"), "professional", COUNTRY),
)
PRACTICE = (
    PracticeCountry(COUNTRY, _("Examplia"), ("example_licence",), ("example_diploma",), register="example_licence"),
)
SERVICES = (
    Service(
        "example_walk",
        _("Walk and talk"),
        _("You walk together for half an hour."),
        "in_person",
        "in_person",
        icon="person",
        weight=90,
    ),
)
SPECIALTIES = (
    Specialty("example_walking", _("Walking medicine"), medical=True, country=COUNTRY, codes={"XE": ("W1",)}),
)
EMERGENCY = (EmergencyNumber("999", _("Everything in Examplia"), COUNTRY),)
MESSAGES = (
    MessageTemplate(
        "example_welcome", _("Welcome to Examplia"), sms=_("Welcome to Examplia."), channels=("in_app", "email")
    ),
)
PROVIDERS = (
    IdentityProvider(
        "example_id",
        _("Examplia ID"),
        "patient",
        {
            "production": ProviderSite(
                "https://id.examplia.example", "https://id.examplia.example/.well-known/openid-configuration"
            )
        },
        scopes=("openid", "profile", "email"),
        acr_asked="two",
        acr=("one", "two"),
        # From this day on the higher level is two factors; at the lower one the portal asks for its code.
        two_factors={dt.date(2026, 1, 1): ("two",)},
        claims={"first_name": ("given_name",), "last_name": ("family_name",), "birth_date": ("birthdate",)},
    ),
)
FUNDS = (
    Fund(
        "example_fund", _("Fund of Examplia"), listeners.settle_as("unit_spent"), listeners.settle_as("unit_given_back")
    ),
)
REGISTERS = (RegisterFormat("example_table", _("Register of Examplia"), COUNTRY, csv_reader(check_number)),)
PROCESSING = (
    ProcessingEntry(
        "example.welcome",
        _("Greet patients of Examplia"),
        _("Contract with the patient (GDPR article 6)"),
        _("Name, e-mail address"),
        _("The portal's operator"),
        _("As long as the account exists"),
    ),
)


def holidays_of(year: int) -> tuple[Holiday, ...]:
    """The one public holiday: the first Monday of March."""
    first = dt.date(year, 3, 1)
    return (Holiday(first + dt.timedelta(days=-first.weekday() % 7), "Day of Examples", COUNTRY),)


def references(parameters: Parameters, on: dt.date) -> tuple[LegalReference, ...]:
    """Which law governs patients and professionals, with the citation in force on a day."""
    citation = parameters.citation("adult_age", on)
    return tuple(
        LegalReference("applicable_law", party, citation, _("Law of Examplia"))
        for party in ("example_resident", f"professional:{COUNTRY}")
    )


def mentions(parameters: Parameters, on: dt.date) -> tuple[PrescriptionMention, ...]:
    """What a prescription of Examplia says: who is cared for, and for its neighbours the country as well."""
    try:
        citation = parameters.citation("adult_age", on)
    except NoRuleInForce:  # before the first law nothing is asked for
        return ()
    return (
        PrescriptionMention("patient", _("Name of the patient"), COUNTRY, citation),
        PrescriptionMention("country", _("Country of the prescriber"), COUNTRY, citation, cross_border=True),
    )


PHARMACIES = (
    PharmacySpace(COUNTRY, _("Pharmacies in Examplia"), "example_licence", "example_licence", ("pharmacist",)),
)


def write_lines(entries: tuple[AgendaEntry, ...]) -> bytes:
    """An agenda as JSON lines: pure, the same entries give the same bytes."""
    rows = (
        {"uid": e.uid, "start": e.starts_at.isoformat(), "end": e.ends_at.isoformat(), "title": e.title}
        for e in entries
    )
    return "".join(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n" for row in rows).encode()


AGENDA_FORMAT = AgendaFormat("example_lines", _("JSON lines"), "application/x-ndjson", "ndjson", write_lines)


HEALTH_REGISTERS = (
    HealthRegister(
        "example_altitude",
        _("Life at altitude"),
        _("People of Examplia live high up: it changes how some values are read."),
        (
            RegisterField("altitude", _("Altitude of your home"), "number", unit="m", least=0, most=6000),
            RegisterField("since", _("Since when"), "when", required=False),
        ),
        form="single",
        need="asked",
        only_for_categories=("example_resident",),
    ),
)

"""The schema of tenant.yaml: every key with its type, what is allowed, what it means and an example."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from core.tenancy.schema_care import Care, MoneySettings
from core.tenancy.schema_fields import (
    CHANGE_MODES,
    COUNTRY,
    DOCUMENTS,
    FOLDER,
    HOST,
    LANGUAGES,
    SLUG,
    TIME,
    ZONE,
    Strict,
    email,
    number,
    text,
    words,
)
from core.tenancy.schema_policies import Booking, Identity, Notifications, Prescriptions, ServiceSettings
from core.tenancy.schema_privacy import Retention, Subcontractor
from core.tenancy.schema_record import Record
from core.tenancy.theme import FONTS, LAYOUTS, PALETTE, REQUIRED

__all__ = ["DOCUMENTS", "LANGUAGES", "SLUG", "TenantConfig"]


class Partner(Strict):
    """The organisation behind the portal and the scope of its contract (CB-035)."""

    name = text("Name of the partner", "Mutuelle du Fleuve")
    kind = text(
        "Kind of partner",
        "company",
        validate=validate.OneOf(["facility", "company", "complementary_insurer", "mutual", "network", "operator"]),
    )
    conditions = text("Scope and conditions of the contract, in words", "All services of the portal", required=False)
    services = fields.List(
        fields.String(),
        load_default=list,
        metadata={"description": "Services that the contract covers", "example": ["in_person"]},
    )


class Operator(Strict):
    """Who runs the portal, and since when; past acts keep the operator of their day (CB-299)."""

    name = text("Legal name of the operator", "Frontalia SAS")
    since = fields.Date(required=True, metadata={"description": "Since when", "example": "2026-11-01"})


class Publisher(Strict):
    """Who publishes the site (CB-002). May be absent in a draft; never in a live portal."""

    name = text("Corporate name", "Frontalia SAS", required=False)
    legal_form = words("Legal form", "société par actions simplifiée")
    register_city = text("City of the trade register", "Metz", required=False)
    register_number = text("Number in the trade register", "900 000 001", required=False)
    registered_office = text("Registered office", "1 rue du Pont, 57000 Metz, France", required=False)
    contact_email = email("Contact address", required=False)
    director = text("Publication director", "Claire Lorrain", required=False)
    director_function = words("Function of the publication director", "présidente")


class HealthDataHost(Strict):
    """Who hosts the health data, with the certificate (CB-003, CB-270)."""

    name = text("Name of the host", "Hébergement Santé Exemple SA", required=False)
    register_city = text("City of the trade register", "Lille", required=False)
    register_number = text("Number in the trade register", "555 000 116", required=False)
    address = text("Address", "2 quai du Rivage, 59000 Lille, France", required=False)
    country = fields.String(
        validate=COUNTRY, metadata={"description": "Country where the data are stored", "example": "FR"}
    )
    certification = text("Certification", "HDS", required=False)
    certified_hosts_list_url = fields.Url(
        metadata={"description": "Public list of certified hosts", "example": "https://esante.gouv.fr/"}
    )


class DataProtection(Strict):
    """The data-protection officer, with an address of their own (CB-005)."""

    officer_name = text("Data-protection officer", "Paul Meyer", required=False)
    email = email("Dedicated address, distinct from support", required=False)
    postal_address = text(
        "Postal address of the officer",
        "Délégué à la protection des données, 1 rue du Pont, 57000 Metz",
        required=False,
    )
    subcontractors = fields.List(
        fields.Nested(Subcontractor),
        load_default=list,
        metadata={"description": "Companies entrusted with a part of the work; published", "example": []},
    )
    authority = words("Supervisory authority with its address", "CNIL, Paris")


class SupportHours(Strict):
    """When support answers (CB-271)."""

    from_ = fields.String(
        required=True,
        data_key="from",
        attribute="from",
        validate=TIME,
        metadata={"description": "Opens", "example": "10:00"},
    )
    to = fields.String(required=True, validate=TIME, metadata={"description": "Closes", "example": "20:00"})
    days = text("Days", "working_days", validate=validate.OneOf(["working_days", "every_day"]))
    time_zone = fields.String(
        required=True, validate=ZONE, metadata={"description": "Zone of these hours", "example": "Europe/Paris"}
    )


class Contact(Strict):
    """How to reach a person (CB-007, CB-240)."""

    support_email = email("Support address", required=False)
    postal_address = text("Postal address of customer service", "1 rue du Pont, 57000 Metz", required=False)
    support_hours = fields.Nested(SupportHours, metadata={"description": "Support hours", "example": {}})
    phone = text("Telephone", "+33 3 00 00 00 00", required=False)
    incident_email = email("Where misuse and intrusions are reported", required=False)


class Palette(Strict):
    """Colours as #rrggbb."""


for _name in PALETTE:  # one field per token, so that theme.py alone names them
    Palette._declared_fields[_name] = fields.String(
        required=_name in REQUIRED,
        validate=validate.Regexp(r"^#[0-9a-fA-F]{6}\Z", error="a colour as #rrggbb"),
        metadata={"description": f"Colour `{_name}`", "example": "#0b5fa5"},
    )


class Theme(Strict):
    """Design tokens, light and dark."""

    light = fields.Nested(Palette, required=True, metadata={"description": "Colours in light mode", "example": {}})
    dark = fields.Nested(Palette, required=True, metadata={"description": "Colours in dark mode", "example": {}})
    radius = fields.String(
        load_default="0.5rem",
        validate=validate.Regexp(r"^\d{1,2}(\.\d+)?(rem|px)\Z", error="a length such as 0.5rem"),
        metadata={"description": "Corner radius", "example": "0.5rem"},
    )
    space = fields.String(
        load_default="1rem",
        validate=validate.Regexp(r"^\d(\.\d+)?rem\Z", error="a length such as 1rem"),
        metadata={"description": "Base space", "example": "1rem"},
    )
    font = text("Font stack of the text", "system", validate=validate.OneOf(list(FONTS)), required=False)
    heading_font = text("Font stack of headings", "serif", validate=validate.OneOf(list(FONTS)), required=False)
    layout = text("Character of the portal", "lines", validate=validate.OneOf(LAYOUTS))


class LegalDocument(Strict):
    """A legal document, its version in force, and how a change of it is made (CB-004, CB-067)."""

    code = text(
        "Which document: the folder's name",
        "terms_of_use_and_sale",
        validate=validate.Regexp(r"^[a-z][a-z0-9_]*\Z", error="small letters, digits and _"),
    )
    stands_for = text(
        "The document of the platform whose place it takes, where it has another code",
        "terms_of_use_and_sale",
        required=False,
        validate=validate.OneOf(DOCUMENTS),
    )
    version = text(
        "Version: the folder's name",
        "2026-11",
        validate=validate.Regexp(FOLDER, error="letters, digits, dots and hyphens"),
    )
    effective_on = fields.Date(required=True, metadata={"description": "In force since", "example": "2026-11-01"})
    change_mode = text("How a new version is accepted", "reaccept_sign_in", validate=validate.OneOf(CHANGE_MODES))
    notice_days = fields.Integer(
        strict=True,
        validate=validate.Range(1, 365),
        metadata={"description": "Notice of an announced change, days", "example": 30},
    )
    previous_version = text(
        "The version that stays in force until then (announced changes)",
        "2026-01",
        required=False,
        validate=validate.Regexp(FOLDER, error="letters, digits, dots and hyphens"),
    )
    accept_at_registration = fields.Boolean(
        load_default=False, metadata={"description": "Accepted with a box of its own at registration", "example": True}
    )
    consent = fields.Boolean(
        load_default=False, metadata={"description": "Accepting it is a consent to processing", "example": False}
    )

    @validates_schema
    def _announced(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("change_mode") == "announced" and not data.get("notice_days"):
            raise ValidationError("an announced change needs the days of notice", "notice_days")


class Insurance(Strict):
    """Who insures whom (CB-268)."""

    professionals = words("Liability insurance of professionals", "each professional's own insurer")
    operator = words("Liability insurance of the operator", "Assurance Exemple")


class ConsumerMediator(Strict):
    """To whom consumers turn, free of charge, when a complaint finds no answer."""

    name = text("Name of the mediator", "Médiation de la consommation Exemple")
    address = text("Postal address", "3 place du Marché, 75002 Paris, France")
    website = fields.Url(
        required=True, metadata={"description": "Site of the mediator", "example": "https://mediation.example/"}
    )


class Legal(Strict):
    """Legal documents, governing law, insurance, mediation."""

    documents = fields.List(
        fields.Nested(LegalDocument),
        required=True,
        validate=validate.Length(min=1),
        metadata={"description": "Documents", "example": []},
    )
    governing_law = text("Governing law", "FR", validate=COUNTRY)
    courts = text("Courts", "FR", validate=COUNTRY)
    insurance = fields.Nested(Insurance, load_default=dict, metadata={"description": "Insurance", "example": {}})
    consumer_mediator = fields.Nested(
        ConsumerMediator, metadata={"description": "Consumer mediator, where the law wants one named", "example": {}}
    )


class Cookie(Strict):
    """A cookie of the registry; two purposes only (CB-289)."""

    name = text("Name", "portico_stats")
    purpose = text(
        "Purpose", "usage_statistics", validate=validate.OneOf(["navigation_and_identification", "usage_statistics"])
    )
    lifetime_days = number("Lifetime, days", 0, 395, 180)


class Cookies(Strict):
    """Cookies (CB-289 to CB-292)."""

    consent_mode = text(
        "How consent is given",
        "explicit",
        validate=validate.OneOf(["explicit", "implied"]),
        required=False,
        load_default="explicit",
    )
    statistics = fields.Boolean(
        load_default=False, metadata={"description": "Statistics cookies, after consent", "example": False}
    )
    registry = fields.List(
        fields.Nested(Cookie),
        load_default=list,
        metadata={"description": "Further cookies of the portal", "example": []},
    )


class Emergency(Strict):
    """The notice with the numbers to call (CB-009)."""

    notice = fields.Boolean(
        load_default=False, metadata={"description": "Shown wherever care is asked for", "example": True}
    )
    countries = fields.List(
        fields.String(validate=COUNTRY),
        load_default=list,
        metadata={"description": "Countries whose numbers are shown", "example": ["FR"]},
    )


class TenantConfig(Strict):
    """The whole of tenant.yaml. `plugins` holds one section per enabled plugin, in the plugin's own schema."""

    slug = text(
        "Short name: the folder's name",
        "frontalia",
        validate=validate.Regexp(SLUG, error="lower-case letters, digits and hyphens, 3 to 40"),
    )
    name = text("Name of the portal", "Frontalia")
    hosts = fields.List(
        fields.String(validate=validate.Regexp(HOST, error="a host name such as portal.example.org")),
        load_default=list,
        metadata={"description": "Host names", "example": ["frontalia.example"]},
    )
    languages = fields.List(
        fields.String(validate=validate.OneOf(LANGUAGES)),
        required=True,
        validate=validate.Length(min=1),
        metadata={"description": "Languages; the first is the default", "example": ["fr", "en"]},
    )
    time_zone = fields.String(
        required=True, validate=ZONE, metadata={"description": "Zone of the portal", "example": "Europe/Paris"}
    )
    country = fields.String(
        required=True, validate=COUNTRY, metadata={"description": "Country of the portal", "example": "FR"}
    )
    partner = fields.Nested(Partner, required=True, metadata={"description": "Partner", "example": {}})
    operator = fields.Nested(Operator, required=True, metadata={"description": "Operator", "example": {}})
    publisher = fields.Nested(Publisher, load_default=dict, metadata={"description": "Publisher", "example": {}})
    host = fields.Nested(HealthDataHost, load_default=dict, metadata={"description": "Health-data host", "example": {}})
    data_protection = fields.Nested(
        DataProtection, load_default=dict, metadata={"description": "Data protection", "example": {}}
    )
    contact = fields.Nested(Contact, load_default=dict, metadata={"description": "Contact", "example": {}})
    theme = fields.Nested(Theme, required=True, metadata={"description": "Theme", "example": {}})
    plugins = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(allow_none=True),
        load_default=dict,
        metadata={"description": "Enabled plugins with their settings", "example": {"jurisdiction_fr": {}}},
    )
    identity = fields.Nested(
        Identity, load_default=lambda: Identity().load({}), metadata={"description": "Accounts", "example": {}}
    )
    services = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(ServiceSettings),
        load_default=dict,
        metadata={"description": "Services offered", "example": {"in_person": {}}},
    )
    booking = fields.Nested(
        Booking, load_default=lambda: Booking().load({}), metadata={"description": "Appointments", "example": {}}
    )
    money = fields.Nested(
        MoneySettings, load_default=lambda: MoneySettings().load({}), metadata={"description": "Money", "example": {}}
    )
    care = fields.Nested(
        Care, load_default=lambda: Care().load({}), metadata={"description": "Consultations", "example": {}}
    )
    record = fields.Nested(
        Record, load_default=lambda: Record().load({}), metadata={"description": "Health profile", "example": {}}
    )
    retention = Retention(load_default=dict)
    prescriptions = fields.Nested(
        Prescriptions,
        load_default=lambda: Prescriptions().load({}),
        metadata={"description": "Prescriptions", "example": {}},
    )
    notifications = fields.Nested(
        Notifications,
        load_default=lambda: Notifications().load({}),
        metadata={"description": "Messages", "example": {}},
    )
    legal = fields.Nested(Legal, required=True, metadata={"description": "Legal documents", "example": {}})
    cookies = fields.Nested(
        Cookies, load_default=lambda: Cookies().load({}), metadata={"description": "Cookies", "example": {}}
    )
    emergency = fields.Nested(
        Emergency,
        load_default=lambda: Emergency().load({}),
        metadata={"description": "Emergency notice", "example": {}},
    )

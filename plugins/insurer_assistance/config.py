"""The section `plugins.insurer_assistance` of tenant.yaml: the contract between insurer, operator and assister."""

from __future__ import annotations

import copy
import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from plugins.insurer_assistance.rules import contract
from plugins.insurer_assistance.rules.contract import DEFAULTS

_COUNTRY = validate.Regexp(r"^[A-Z]{2}\Z", error="a country as two capital letters, such as FR")
_TIME = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d\Z", error="a time of day such as 09:30")
_PHONE = validate.Regexp(r"^\+[1-9]\d{6,14}\Z", error="a number with its country, such as +33199001200")
_VARIABLE = validate.Regexp(
    r"^PORTICO_ELIGIBILITY_[A-Z0-9_]{1,80}\Z", error="a variable whose name begins with PORTICO_ELIGIBILITY_"
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LANGUAGE = re.compile(r"[a-z]{2}\Z")


def _address(value: str) -> None:
    """https, or http on this machine, which a portal in operation does not call."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    plain = host in LOOPBACK and parts.scheme == "http" if host else False
    if not host or parts.username or parts.fragment or not (parts.scheme == "https" or plain):
        raise ValidationError("an https address is wanted")


PARTNER_EDITS = frozenset({"quota", "access", "appointments", "nurse"})
"""Parts of the contract that the partner may change in the parties' console: figures and hours, never what the law asks."""


class Strict(Schema):
    """Unknown keys are errors."""

    class Meta:
        unknown = RAISE


def _text(description: str, example: str, **more: Any) -> fields.String:
    return fields.String(
        validate=more.pop("validate", validate.Regexp(r"\s*\S", error="must not be empty")),
        metadata={"description": description, "example": example},
        **more,
    )


def _number(part: str, name: str, low: int, high: int, description: str, *, chosen: bool = False) -> fields.Integer:
    """A whole number within bounds (both included); its default is the contract's. `chosen`: as for `_time`."""
    default = DEFAULTS[part][name]
    return fields.Integer(
        strict=True,
        validate=validate.Range(low, high),
        metadata={"description": description, "example": default, "partner_edits": part in PARTNER_EDITS},
        **({} if chosen else {"load_default": default}),
    )


def _time(part: str, name: str, description: str, *, chosen: bool = False) -> fields.String:
    """A time of day. `chosen`: the portal sets it itself before it goes live; until then the contract's is used."""
    default = DEFAULTS[part][name]
    return fields.String(
        data_key=name,
        attribute=name,
        validate=_TIME,
        metadata={"description": description, "example": default, "partner_edits": part in PARTNER_EDITS},
        **({} if chosen else {"load_default": default}),
    )


def _some(part: str, name: str, allowed: tuple[str, ...], description: str) -> fields.List[Any]:
    """A list of known words, each once; an empty one is possible."""
    default = list(DEFAULTS[part][name])
    return fields.List(
        fields.String(validate=validate.OneOf(allowed)),
        load_default=lambda: list(default),
        validate=_once,
        metadata={"description": description, "example": default, "partner_edits": part in PARTNER_EDITS},
    )


def _part(schema: type[Schema], description: str, example: dict[str, Any] | None = None) -> fields.Nested:
    return fields.Nested(
        schema,
        load_default=lambda: schema().load({}),
        metadata={"description": description, "example": example or {}},
    )


def _once(values: list[str]) -> None:
    double = sorted({v for v in values if values.count(v) > 1})
    if double:
        raise ValidationError(f"listed twice: {', '.join(double)}")


class Words(fields.Field[Any]):
    """A text for readers: one for all languages, or one for each (`{fr: ..., en: ...}`)."""

    default_error_messages = {"invalid": "a text, or a text for each language, is wanted", "blank": "must not be empty"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str | dict[str, str]:
        texts = value if isinstance(value, dict) else {"fr": value}
        if not texts or not all(isinstance(k, str) and _LANGUAGE.match(k) for k in texts):
            raise self.make_error("invalid")
        if not all(isinstance(t, str) for t in texts.values()):
            raise self.make_error("invalid")
        if any(not t.strip() for t in texts.values()):
            raise self.make_error("blank")
        return dict(value) if isinstance(value, dict) else str(value)


class Party(Strict):
    """One of the parties to the contract, under its own name (IA-001, IA-002)."""

    name = _text("Corporate name", "Mutuelle Horizon", required=True)
    legal_form = Words(
        metadata={"description": "Company form, in one or all languages", "example": {"fr": "mutuelle", "en": "mutual society"}}
    )  # fmt: skip
    capital = _text("Share capital, where there is one", "40 000 €")
    register_number = _text("Number in the register", "900 000 001")
    registered_office = _text("Address of the registered office", "1 rue du Pont, 75002 Paris, France")
    contact_email = fields.Email(
        metadata={"description": "Address for messages", "example": "contact@mutuelle.example"}
    )


_EXAMPLE = {"name": "Mutuelle Horizon"}


class Quota(Strict):
    """How many teleconsultations each beneficiary has; no carry-over, no pooling, no overage (IA-040 to IA-043)."""

    teleconsultations_per_calendar_year = _number(
        "quota",
        "teleconsultations_per_calendar_year",
        1,
        366,
        "Teleconsultations of each beneficiary in a calendar year",
    )


class Access(Strict):
    """The telephone, and how soon a doctor calls back, at any hour of any day (IA-023, IA-032)."""

    phone = fields.String(
        load_default=DEFAULTS["access"]["phone"],
        validate=_PHONE,
        metadata={
            "description": "Telephone of the service, with its country",
            "example": "+33199001200",
            "partner_edits": True,
        },
    )
    call_back_minutes = _number("access", "call_back_minutes", 5, 1440, "Within how many minutes a doctor calls back")
    call_attempts = _number("access", "call_attempts", 1, 10, "How often somebody who does not answer is called")
    attempt_pause_minutes = _number("access", "attempt_pause_minutes", 1, 120, "Pause between two calls, minutes")
    lapses_after_hours = _number("access", "lapses_after_hours", 1, 168, "Hours after which an overdue request lapses")


class Appointments(Strict):
    """Later appointments with a doctor, in the portal's time zone, every day of the week (IA-033)."""

    from_ = _time("appointments", "from", "The first appointment of a day begins no earlier")
    to = _time("appointments", "to", "The last appointment of a day begins no later")
    days_ahead = _number("appointments", "days_ahead", 1, 90, "How many days ahead an appointment can be asked for")
    step_minutes = _number("appointments", "step_minutes", 5, 120, "Appointments begin every so many minutes")
    per_step = _number("appointments", "per_step", 1, 500, "How many appointments can begin at the same time")
    duration_minutes = _number("appointments", "duration_minutes", 5, 120, "Length of an appointment, minutes")

    @validates_schema
    def _fits(self, data: dict[str, Any], **_kwargs: Any) -> None:
        _in_order(data, "appointments")


class Nurse(Strict):
    """When a nurse answers the telephone; outside of these hours the step does not exist (IA-026, IA-028)."""

    days = _some("nurse", "days", contract.DAYS, "Days on which a nurse answers; none: no nurse at all")
    from_ = _time("nurse", "from", "The nurse answers from", chosen=True)
    to = _time("nurse", "to", "The nurse answers until", chosen=True)
    public_holidays = fields.Boolean(
        load_default=DEFAULTS["nurse"]["public_holidays"],
        metadata={
            "description": "Whether a nurse answers on public holidays too",
            "example": False,
            "partner_edits": True,
        },
    )

    @validates_schema
    def _fits(self, data: dict[str, Any], **_kwargs: Any) -> None:
        _in_order(data, "nurse")


def _in_order(data: dict[str, Any], part: str) -> None:
    start, end = (data.get(k, DEFAULTS[part][k]) for k in ("from", "to"))
    if start >= end:
        raise ValidationError(f"must be later than from ({start})", "to")


class Exclusions(Strict):
    """What the contract leaves out (IA-075, IA-079, IA-080, IA-082 to IA-085)."""

    follow_up = _some("exclusions", "follow_up", contract.FOLLOW_UP, "Follow-up that is not covered")
    infant_under_months = _number(
        "exclusions", "infant_under_months", 0, 36, "Follow-up of infants under so many months is not covered"
    )
    documents = _some("exclusions", "documents", contract.DOCUMENTS, "Documents that doctors cannot issue")
    one_off_renewal_max_days = _number(
        "exclusions", "one_off_renewal_max_days", 0, 31, "Longest one-off supply of a treatment that runs out, days"
    )
    treatment_max_days = _number("exclusions", "treatment_max_days", 1, 366, "Longest treatment prescribed, days")
    medicine_classes = _some(
        "exclusions", "medicine_classes", contract.CLASSES, "Classes of medicines that no prescription may hold"
    )
    preparations = _some(
        "exclusions", "preparations", contract.PREPARATIONS, "Preparations that no prescription may hold"
    )


class Countries(Strict):
    """Where a beneficiary may be when asking (IA-037)."""

    home = fields.String(
        load_default=DEFAULTS["countries"]["home"],
        validate=_COUNTRY,
        metadata={"description": "The country of the service: from here nothing more is declared", "example": "FR"},
    )
    allowed = fields.List(
        fields.String(validate=_COUNTRY),
        load_default=lambda: list(DEFAULTS["countries"]["allowed"]),
        validate=_once,
        metadata={"description": "Countries from which the service may be used", "example": ["FR", "BE", "LU"]},
    )


class EligibilityApi(Strict):
    """The insurer's own service that says who is covered; it receives administrative data only (IA-091)."""

    url = fields.String(
        required=True,
        validate=_address,
        metadata={"description": "Address, https", "example": "https://rights.mutuelle.example/v1/members"},
    )
    timeout_seconds = fields.Integer(
        strict=True,
        load_default=5,
        validate=validate.Range(1, 30),
        metadata={"description": "How long an answer is waited for", "example": 5},
    )
    token_env = _text(
        "Variable that holds the token: PORTICO_ELIGIBILITY_, the portal's name, __ and more",
        "PORTICO_ELIGIBILITY_MUTUELLE_HORIZON__TOKEN",
        validate=_VARIABLE,
        required=True,
    )


class Eligibility(Strict):
    """How members come (IA-009, IA-010)."""

    sources = _some("eligibility", "sources", contract.SOURCES, "Where members come from: file, api, oidc")
    removal_confirm_percent = _number(
        "eligibility", "removal_confirm_percent", 1, 100,
        "A file that takes more than this share of the members off the list is confirmed once more, percent",
    )  # fmt: skip
    api = fields.Nested(
        EligibilityApi,
        metadata={
            "description": "The insurer's service, where members are asked for by it",
            "example": {
                "url": "https://rights.mutuelle.example/v1/members",
                "token_env": "PORTICO_ELIGIBILITY_MUTUELLE_HORIZON__TOKEN",
            },
        },
    )

    @validates_schema
    def _whole(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("sources") == []:
            raise ValidationError("at least one source is wanted: file, api, oidc", "sources")


class Recording(Strict):
    """Recording of calls, with notice and objection (IA-029 to IA-031)."""

    enabled = fields.Boolean(
        load_default=DEFAULTS["recording"]["enabled"],
        metadata={"description": "Whether calls can be recorded at all", "example": True},
    )
    retention_months = _number("recording", "retention_months", 1, 12, "Months after which a recording is erased")


class Statistics(Strict):
    """What the insurer sees (IA-092, IA-096)."""

    smallest_group = _number("statistics", "smallest_group", 5, 1000, "Groups under this size are not shown")


class Documents(Strict):
    """How reports and prescriptions are opened (IA-070, IA-073, IA-074)."""

    link_validity_days = _number("documents", "link_validity_days", 1, 365, "How long a secure link is good, days")
    code_validity_minutes = _number(
        "documents", "code_validity_minutes", 5, 1440, "How long a code by SMS is good", chosen=True
    )
    code_attempts = _number("documents", "code_attempts", 3, 10, "Wrong codes before a new one is needed")


class Config(Strict):
    """Settings of insurer_assistance. Operator, publisher and host are core's own keys."""

    insurer = fields.Nested(
        Party, metadata={"description": "Who offers the service to its members", "example": _EXAMPLE, "identity": True}
    )
    assister = fields.Nested(
        Party,
        metadata={
            "description": "Who carries out the teleconsultations",
            "example": {"name": "Assistance Exemple"},
            "identity": True,
        },
    )
    quota = _part(Quota, "Teleconsultations of each beneficiary", {"teleconsultations_per_calendar_year": 5})
    access = _part(Access, "Telephone and call-back")
    appointments = _part(Appointments, "Later appointments")
    nurse = _part(Nurse, "Hours of the nurse on the telephone")
    exclusions = _part(Exclusions, "What the contract leaves out")
    countries = _part(Countries, "Where the service may be used from")
    eligibility = _part(Eligibility, "How members come")
    recording = _part(Recording, "Recording of calls")
    statistics = _part(Statistics, "What the insurer sees")
    documents = _part(Documents, "Opening of reports and prescriptions")

    @validates_schema
    def _distinct(self, data: dict[str, Any], **_kwargs: Any) -> None:
        insurer, assister = (str((data.get(p) or {}).get("name") or "").casefold() for p in contract.OWN_PARTIES)
        if insurer and insurer == assister:
            raise ValidationError({"assister": {"name": ["insurer and assister are two distinct parties (IA-002)"]}})
        countries, eligibility = (contract.section(data, p) for p in ("countries", "eligibility"))
        home, allowed = countries["home"], countries["allowed"]
        if home not in allowed:
            raise ValidationError({"countries": {"allowed": [f"the country of the service, {home}, is wanted too"]}})
        if "api" in eligibility["sources"] and "api" not in eligibility:
            raise ValidationError({"eligibility": {"api": ["the source api needs its address and token"]}})


def defaults() -> dict[str, Any]:
    """The section as it is where a portal says nothing."""
    loaded: dict[str, Any] = Config().load({})
    return copy.deepcopy(loaded)

"""What version 1 answers and takes about professionals, decisions and appointments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import ValidationError, fields, validate

from core.api.fields import Input, Output, Paged, ident, told

NOTE = 1000


class Instant(fields.AwareDateTime):
    """An instant with its offset, given out in UTC."""

    def __init__(self, **more: Any) -> None:
        super().__init__(format="iso", **more)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if isinstance(value, dt.datetime):
            return value.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.datetime:
        found = super()._deserialize(value, attr, data, **kwargs)
        if not isinstance(found, dt.datetime):
            raise ValidationError("an instant such as 2026-11-24T08:30:00Z is wanted")
        return found.astimezone(dt.UTC)


class ParameterUsed(Output):
    """A dated value of law or contract on which a reason rests."""

    key = fields.String(metadata=told("Which value"))
    value = fields.Raw(metadata=told("The value"))
    since = fields.Date(metadata=told("Since when it holds"))
    unit = fields.String(allow_none=True, metadata=told("Its unit"))


class ReasonAnswer(Output):
    """One reason of a decision."""

    code = fields.String(metadata=told("Stable code"))
    effect = fields.String(metadata=told("permit or deny"))
    source = fields.String(metadata=told("Which plugin says so"))
    rule = fields.String(allow_none=True, metadata=told("The rule's id"))
    citation = fields.String(allow_none=True, metadata=told("Article of law or contract"))
    message = fields.String(metadata=told("The reason in plain words, in the caller's language"))
    parameters = fields.List(fields.Nested(ParameterUsed), metadata=told("Values that the reason rests on"))


class ObligationAnswer(Output):
    """What must be done if one goes on."""

    code = fields.String(metadata=told("Stable code"))
    source = fields.String(metadata=told("Which plugin asks for it"))
    message = fields.String(metadata=told("In plain words"))
    details = fields.Dict(metadata=told("Details"))


class DecisionAnswer(Output):
    """A decision with all its reasons."""

    service = fields.String(allow_none=True, metadata=told("The service asked about", values="services"))
    effect = fields.String(metadata=told("permit or deny"))
    reasons = fields.List(fields.Nested(ReasonAnswer), metadata=told("All reasons"))
    obligations = fields.List(fields.Nested(ObligationAnswer), metadata=told("What goes with it"))
    values = fields.Dict(metadata=told("Figures computed"))


class SlotAnswer(Output):
    """A time that can be booked."""

    starts_at = Instant(metadata=told("Begins"))
    ends_at = Instant(metadata=told("Ends"))
    practice_id = ident("Where")
    known_patients_only = fields.Boolean(metadata=told("Kept for patients whom the professional knows"))


class PracticeAnswer(Output):
    """A place where a professional receives."""

    id = ident("Id")
    mode = fields.String(metadata=told("in_person or virtual"))
    name = fields.String(metadata=told("Name"))
    street = fields.String(metadata=told("Street"))
    postal_code = fields.String(metadata=told("Postal code"))
    city = fields.String(metadata=told("Town"))
    country = fields.String(metadata=told("Country"))
    time_zone = fields.String(metadata=told("Zone of its hours"))
    access_note = fields.String(metadata=told("How to get in"))


class ReasonOfVisit(Output):
    """A reason for which one comes."""

    id = ident("Id")
    label = fields.String(metadata=told("In the professional's words"))
    service = fields.String(metadata=told("Which service", values="services"))
    duration_minutes = fields.Integer(metadata=told("How long"))
    price_cents = fields.Integer(
        allow_none=True, metadata=told("Price, integer cents; null where the professional names none")
    )
    currency = fields.String(metadata=told("Currency of the price"))
    known_patients_only = fields.Boolean(metadata=told("Kept for patients whom the professional knows"))


class ProfessionalAnswer(Output):
    """A professional as the directory lists them."""

    id = ident("Id")
    name = fields.String(metadata=told("Name"))
    title = fields.String(metadata=told("Title"))
    specialty = fields.String(metadata=told("Code of the specialty"))
    specialty_label = fields.String(metadata=told("The specialty in the caller's language"))
    kind = fields.String(metadata=told("physician or allied"))
    country = fields.String(metadata=told("Country of practice", values="practice_countries"))
    languages = fields.List(fields.String(), metadata=told("Languages spoken"))
    services = fields.List(fields.String(), metadata=told("Services given", values="services"))
    booking_open = fields.Boolean(metadata=told("Takes online appointments"))
    practices = fields.List(fields.Nested(PracticeAnswer), metadata=told("Places"))
    reasons = fields.List(fields.Nested(ReasonOfVisit), metadata=told("Reasons for a visit"))
    first_slot = fields.Nested(
        SlotAnswer, allow_none=True, metadata=told("The soonest free time of the next two weeks")
    )
    decisions = fields.List(
        fields.Nested(DecisionAnswer), metadata=told("For a signed-in patient: what is possible, and why")
    )


class ProfessionalDetail(ProfessionalAnswer):
    """A professional with the presentation."""

    presentation = fields.String(metadata=told("What the professional says of themself"))
    register_number = fields.String(allow_none=True, metadata=told("Public register number"))


class ProfessionalPage(Output):
    """A page of professionals."""

    items = fields.List(
        fields.Nested(ProfessionalAnswer), metadata=told("Professionals with whom something is possible")
    )
    closed = fields.List(
        fields.Nested(ProfessionalAnswer),
        metadata=told("Matches with whom nothing is possible for this patient, and why"),
    )
    total = fields.Integer(metadata=told("How many in all"))
    next = fields.String(allow_none=True, metadata=told("Cursor of the next page"))


class Search(Input):
    """Query of the search."""

    text = fields.String(
        load_default="", validate=validate.Length(max=80), metadata=told("Name or specialty, accents or not")
    )
    specialty = fields.String(load_default="", validate=validate.Length(max=60), metadata=told("Code of a specialty"))
    place = fields.String(load_default="", validate=validate.Length(max=60), metadata=told("Town or postal code"))
    service = fields.String(
        load_default="", validate=validate.Length(max=40), metadata=told("Code of a service", values="services")
    )
    country = fields.String(
        load_default="",
        validate=validate.Length(max=2),
        metadata=told("Country of practice", values="practice_countries"),
    )
    sort = fields.String(load_default="soonest", validate=validate.OneOf(["soonest", "name"]), metadata=told("Order"))
    dependant_id = ident("For a dependant of the signed-in patient")
    cursor = fields.String(
        validate=validate.Length(max=1000), metadata=told("Where to go on: `next` of the last answer")
    )


class ForWhom(Input):
    """Query: for whom."""

    dependant_id = ident("For a dependant of the signed-in patient")


class SlotQuery(Input):
    """Query of a professional's slots."""

    reason_id = fields.UUID(required=True, metadata=told("For which reason"))
    first_day = fields.Date(metadata=told("From which day on, in the portal's zone; today where absent"))
    days = fields.Integer(load_default=7, validate=validate.Range(1, 31), metadata=told("How many days"))


class SlotList(Output):
    """Slots of some days."""

    items = fields.List(fields.Nested(SlotAnswer), metadata=told("Free times, in order"))
    first_free = fields.Nested(
        SlotAnswer, allow_none=True, metadata=told("The first free time after these days, where they have none")
    )


class SlotChoice(Input):
    """Which time with whom, for whom."""

    professional_id = fields.UUID(required=True, metadata=told("With whom"))
    reason_id = fields.UUID(required=True, metadata=told("For which reason"))
    practice_id = fields.UUID(required=True, metadata=told("Where"))
    starts_at = Instant(required=True, metadata=told("Begin of a free slot"))
    dependant_id = ident("For a dependant of the signed-in patient")
    note = fields.String(
        load_default="", validate=validate.Length(max=NOTE), metadata=told("A note to the professional")
    )


class BookInput(Input):
    """Confirm a hold: its id. Or book at once: professional, reason, practice and begin."""

    hold_id = ident("The hold to confirm")
    professional_id = ident("With whom")
    reason_id = ident("For which reason")
    practice_id = ident("Where")
    starts_at = Instant(metadata=told("Begin of a free slot"))
    dependant_id = ident("For a dependant of the signed-in patient")
    note = fields.String(
        load_default="", validate=validate.Length(max=NOTE), metadata=told("A note to the professional")
    )


class MoveInput(Input):
    """The new time."""

    starts_at = Instant(required=True, metadata=told("Begin of a free slot of the same professional and reason"))


class CancelInput(Input):
    """Why."""

    reason = fields.String(load_default="", validate=validate.Length(max=300), metadata=told("For the other side"))


class AppointmentAnswer(Output):
    """An appointment or a hold."""

    id = ident("Id")
    state = fields.String(
        metadata=told(
            "held, booked, cancelled_by_patient, cancelled_by_professional, cancelled_by_operator, no_show, done"
        )
    )
    professional_id = ident("With whom")
    professional = fields.String(metadata=told("The professional's name"))
    practice = fields.Nested(PracticeAnswer, allow_none=True, metadata=told("Where"))
    service = fields.String(metadata=told("Which service", values="services"))
    reason = fields.String(metadata=told("The reason in the professional's words"))
    dependant_id = fields.UUID(allow_none=True, metadata=told("The dependant who comes; null for the account's person"))
    patient = fields.String(metadata=told("Who comes"))
    starts_at = Instant(metadata=told("Begins"))
    ends_at = Instant(metadata=told("Ends"))
    time_zone = fields.String(metadata=told("Zone of the practice"))
    price_cents = fields.Integer(allow_none=True, metadata=told("Price, integer cents"))
    currency = fields.String(metadata=told("Currency of the price"))
    hold_expires_at = Instant(allow_none=True, metadata=told("Until when a hold is kept"))
    terms_version = fields.String(allow_none=True, metadata=told("Version of the terms that applies"))
    sequence = fields.Integer(metadata=told("How often it was changed"))


class AppointmentPage(Output):
    """A page of appointments."""

    items = fields.List(fields.Nested(AppointmentAnswer), metadata=told("Appointments"))
    next = fields.String(allow_none=True, metadata=told("Cursor of the next page"))


class AppointmentQuery(Paged):
    """Query of the patient's appointments."""

    when = fields.String(
        load_default="coming",
        validate=validate.OneOf(["coming", "past"]),
        metadata=told("Coming in order, or past newest first"),
    )


class AgendaQuery(Input):
    """Query of a professional's agenda."""

    first = Instant(required=True, metadata=told("From this instant on"))
    last = Instant(required=True, metadata=told("Before this instant, at most 62 days later"))


class AppointmentList(Output):
    """Appointments of a span of time."""

    items = fields.List(fields.Nested(AppointmentAnswer), metadata=told("Appointments in order"))


class ReceiptAnswer(Output):
    """A decision that was kept with an act."""

    id = ident("Id")
    decided_at = Instant(metadata=told("When"))
    question = fields.String(metadata=told("Which question"))
    asked = fields.Dict(metadata=told("The facts as they were"))
    decision = fields.Nested(DecisionAnswer, metadata=told("The answer"))
    act_kind = fields.String(metadata=told("On which kind of act"))
    act_id = fields.UUID(allow_none=True, metadata=told("On which act"))
    plugin_versions = fields.Dict(metadata=told("Versions of the plugins asked"))
    configuration = fields.Integer(metadata=told("Revision of the portal"))


class ReceiptPage(Output):
    """Kept decisions."""

    items = fields.List(fields.Nested(ReceiptAnswer), metadata=told("Newest first"))

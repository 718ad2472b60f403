"""What version 1 answers and takes about consultations, messages, reports and the wallet."""

from __future__ import annotations

from marshmallow import fields, validate

from core.api.fields import Input, Output, ident, told
from core.api.v1.schemas import Instant
from core.care.consultations import messages, reports, requests

MOST = 50


class OfferAnswer(Output):
    """A request as one of the professionals asked has it."""

    professional_id = ident("Who was asked")
    professional = fields.String(metadata=told("The professional's name"))
    state = fields.String(metadata=told("open, accepted, declined, gone"))
    tariff_cents = fields.Integer(metadata=told("What they ask, integer cents"))


class ConsultationAnswer(Output):
    """A consultation."""

    id = ident("Id")
    service = fields.String(metadata=told("Which service", values="services"))
    form = fields.String(metadata=told("request or appointment"))
    state = fields.String(
        metadata=told(
            "requested, accepted, declined, expired, cancelled, in_progress, no_show, awaiting_report, completed, refunded"
        )
    )
    patient = fields.String(metadata=told("Whose care it is"))
    dependant_id = fields.UUID(allow_none=True, metadata=told("The dependant; null for the account's person"))
    professional_id = fields.UUID(allow_none=True, metadata=told("Who accepted; null while nobody has"))
    offers = fields.List(
        fields.Nested(OfferAnswer), metadata=told("Who was asked; the patient sees all, a professional their own")
    )
    appointment_id = fields.UUID(allow_none=True, metadata=told("The appointment, for a consultation by appointment"))
    previous_id = fields.UUID(allow_none=True, metadata=told("The request that this one repeats"))
    question = fields.String(metadata=told("What was asked"))
    requested_at = Instant(metadata=told("When it was asked"))
    answer_by = Instant(metadata=told("Until when an answer is due"))
    accepted_at = Instant(allow_none=True, metadata=told("When it was accepted"))
    started_at = Instant(allow_none=True, metadata=told("When it began"))
    ended_at = Instant(allow_none=True, metadata=told("When the call or exchange ended"))
    limit_minutes = fields.Integer(allow_none=True, metadata=told("Longest call in minutes; null by message"))
    highest_cents = fields.Integer(metadata=told("Highest price the patient accepts, integer cents"))
    agreed_cents = fields.Integer(allow_none=True, metadata=told("Price of who accepted, integer cents"))
    held_cents = fields.Integer(metadata=told("What is put aside for it now, integer cents"))
    currency = fields.String(metadata=told("Currency"))


class ConsultationPage(Output):
    """Consultations."""

    items = fields.List(fields.Nested(ConsultationAnswer), metadata=told("Consultations"))


class ConsultationQuery(Input):
    """Query of consultations."""

    when = fields.String(
        load_default="open",
        validate=validate.OneOf(["open", "past"]),
        metadata=told("Open ones in the order of asking, or the others, newest first"),
    )


class RequestInput(Input):
    """A request to one or several professionals."""

    service = fields.String(required=True, metadata=told("Which service", values="services"))
    professional_ids = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(1, MOST),
        metadata=told("Whom to ask; the first who accepts has it"),
    )
    question = fields.String(
        required=True, validate=validate.Length(1, requests.QUESTION_LIMIT), metadata=told("What is asked")
    )
    highest_cents = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, 10_000_000),
        metadata=told("Highest price accepted, integer cents; held at once"),
    )
    dependant_id = fields.UUID(metadata=told("A dependant whose care it is"))
    on_health_card = fields.Boolean(metadata=told("Whether the dependant is on the patient's health card"))
    acknowledged = fields.List(
        fields.String(),
        load_default=list,
        metadata=told("Codes of the decision's obligations that were shown and confirmed"),
    )
    profile_confirmed = fields.Boolean(
        load_default=False, metadata=told("The patient confirms that the health profile is up to date")
    )
    previous_id = fields.UUID(metadata=told("A request of the patient that was declined, expired or cancelled"))


class DeclineInput(Input):
    """Why a request is declined."""

    reason = fields.String(
        load_default="", validate=validate.Length(max=requests.REASON_LIMIT), metadata=told("A word to the patient")
    )


class MessageInput(Input):
    """A message to the other side."""

    text = fields.String(required=True, validate=validate.Length(1, messages.LIMIT), metadata=told("The words"))


class MessageAnswer(Output):
    """A message."""

    id = ident("Id")
    seq = fields.Integer(metadata=told("Its place in the order of the exchange"))
    author = fields.String(metadata=told("patient, professional, portal"))
    sent_at = Instant(metadata=told("When it was sent"))
    seen_at = Instant(allow_none=True, metadata=told("When the other side had it before their eyes"))
    text = fields.String(metadata=told("The words"))
    document_id = fields.UUID(allow_none=True, metadata=told("A file that goes with it"))


class MessageList(Output):
    """Messages in order."""

    items = fields.List(fields.Nested(MessageAnswer), metadata=told("Messages"))


class MessageQuery(Input):
    """Query of messages."""

    after = fields.Integer(
        load_default=0, validate=validate.Range(0, 2**63 - 1), metadata=told("Only messages after this place")
    )


class ReportInput(Input):
    """A report, or a corrected version of one."""

    parts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(reports.PARTS))),
        values=fields.String(validate=validate.Length(max=reports.PART_LIMIT)),
        required=True,
        metadata=told("The parts by code; `conclusion` must be written"),
    )
    coverage = fields.String(
        validate=validate.OneOf(list(reports.COVERAGE)),
        metadata=told("Whether it can be reimbursed: the physician's decision"),
    )
    rights_checked = fields.Boolean(
        load_default=False,
        metadata=told("The physician has checked the patient's rights, where the decision asks for it"),
    )
    corrects = fields.Integer(validate=validate.Range(1, 1000), metadata=told("The version that this one corrects"))


class ReportAnswer(Output):
    """A version of a report."""

    id = ident("Id")
    consultation_id = ident("Of which consultation")
    professional_id = ident("Who wrote it")
    version = fields.Integer(metadata=told("1, then each correction"))
    saved_at = Instant(metadata=told("When it was saved"))
    parts = fields.Dict(metadata=told("The parts by code"))
    coverage = fields.String(allow_none=True, metadata=told("covered, not_covered, or null where it was not asked"))


class ReportList(Output):
    """Versions of a report, newest first."""

    items = fields.List(fields.Nested(ReportAnswer), metadata=told("Versions"))


class MovementAnswer(Output):
    """A movement of the wallet."""

    at = Instant(metadata=told("When"))
    act_kind = fields.String(metadata=told("Of which kind of act"))
    act_id = ident("Of which act")
    step = fields.String(metadata=told("credit, hold, lower, give_back, refund"))
    cents = fields.Integer(metadata=told("What came, below zero what went, integer cents"))


class WalletAnswer(Output):
    """The wallet."""

    balance_cents = fields.Integer(metadata=told("What it holds, integer cents"))
    currency = fields.String(metadata=told("Currency"))
    movements = fields.List(fields.Nested(MovementAnswer), metadata=told("Movements, newest first"))

"""What version 1 answers and takes about the health profile, files, authorisations and prescriptions."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import ValidationError, fields, validate

from core.api.fields import Input, Output, ident, told
from core.api.v1.schemas import Instant
from core.care.documents.intake import LONGEST_NAME
from core.care.documents.models import KINDS
from core.care.prescriptions.service import EVIDENCE
from core.care.record import schemas as record
from core.tenancy.schema_care import MOST_MEGABYTES

MOST_FIELDS = 60
MOST_BASE64 = MOST_MEGABYTES * 1024**2 * 4 // 3 + 16


class Whose(Input):
    """Whose record it is."""

    dependant_id = fields.UUID(metadata=told("One of the patient's dependants; without it the patient's own"))


# -- the health profile -------------------------------------------------------------------------------------------


class ChoiceAnswer(Output):
    """A possible answer."""

    code = fields.String(metadata=told("What is sent"))
    label = fields.String(metadata=told("In words"))


class QuestionAnswer(Output):
    """A question of a register."""

    code = fields.String(metadata=told("Its name in `values`"))
    label = fields.String(metadata=told("In words"))
    kind = fields.String(metadata=told("text, long_text, number, choice, yes_no, when, date, professional"))
    required = fields.Boolean(metadata=told("Whether an entry needs it"))
    unit = fields.String(metadata=told("Unit of a number"))
    choices = fields.List(fields.Nested(ChoiceAnswer), metadata=told("Possible answers of a choice"))


class EntryAnswer(Output):
    """An entry of a register."""

    id = ident("Id")
    values = fields.Dict(metadata=told("Answers by question; empty where it says “none”"))
    none = fields.Boolean(metadata=told("The answer “none” of a list"))
    author_kind = fields.String(metadata=told("patient or professional"))
    author = fields.String(metadata=told("Who wrote it, in words"))
    written_at = Instant(metadata=told("When it was written"))
    ended_at = Instant(allow_none=True, metadata=told("When it was taken out or corrected; null while it holds"))


class RegisterAnswer(Output):
    """A register of the health profile."""

    code = fields.String(metadata=told("Code"))
    label = fields.String(metadata=told("Name"))
    form = fields.String(metadata=told("single (one entry), list, or documents"))
    need = fields.String(metadata=told("mandatory, asked or optional"))
    missing = fields.Boolean(metadata=told("Whether an answer is still wanted"))
    editable = fields.Boolean(metadata=told("Whether it is written here, not with the patient's own data"))
    questions = fields.List(fields.Nested(QuestionAnswer), metadata=told("What is asked"))
    entries = fields.List(fields.Nested(EntryAnswer), metadata=told("What holds now"))


class OneRegisterAnswer(RegisterAnswer):
    """A register with what stood there before."""

    past = fields.List(fields.Nested(EntryAnswer), metadata=told("What stood there before, newest first"))


class DoneAnswer(Output):
    """A consultation of the record."""

    consultation_id = ident("Id")
    service = fields.String(metadata=told("Which service", values="services"))
    professional_id = ident("Who carried it out")
    professional = fields.String(metadata=told("The professional's name"))
    at = Instant(metadata=told("When"))
    report_version = fields.Integer(metadata=told("Newest version of its report"))
    saved_at = Instant(metadata=told("When that was saved"))


class ProfileAnswer(Output):
    """A health profile."""

    name = fields.String(metadata=told("Whose it is"))
    dependant_id = fields.UUID(allow_none=True, metadata=told("The dependant; null for the account's own person"))
    confirmed_at = Instant(allow_none=True, metadata=told("When it was last said to be up to date"))
    whole = fields.Boolean(metadata=told("False where a professional sees their own consultations only"))
    reasons = fields.List(fields.String(), metadata=told("Why not more, in words"))
    registers = fields.List(fields.Nested(RegisterAnswer), metadata=told("Registers in order"))
    history = fields.List(fields.Nested(DoneAnswer), metadata=told("Consultations with a report, newest first"))


class PersonOfRecord(Output):
    """A person whose record is open to the professional."""

    account_id = ident("The account")
    dependant_id = fields.UUID(allow_none=True, metadata=told("The dependant; null for the account's own person"))
    name = fields.String(metadata=told("Name"))
    since = Instant(metadata=told("Since when it is open"))
    until = Instant(allow_none=True, metadata=told("Until when; null until it is withdrawn"))


class RecordList(Output):
    """Records that are open to the professional."""

    items = fields.List(fields.Nested(PersonOfRecord), metadata=told("Persons"))


class EntryInput(Whose):
    """An entry, or a corrected one."""

    values = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 60)),
        values=fields.String(validate=validate.Length(max=record.MOST_LONG_TEXT)),
        required=True,
        validate=validate.Length(1, MOST_FIELDS),
        metadata=told("Answers by question, as texts: `172`, `70.5`, `2008-05`, `yes`"),
    )
    replaces = fields.UUID(metadata=told("The entry that this one corrects, as it was read"))


class ConfirmedAnswer(Output):
    """The profile is up to date."""

    confirmed_at = Instant(metadata=told("When that was said"))


# -- files --------------------------------------------------------------------------------------------------------


class FileAnswer(Output):
    """A file."""

    id = ident("Id")
    kind = fields.String(metadata=told(", ".join(KINDS)))
    mimetype = fields.String(metadata=told("By its content"))
    size = fields.Integer(metadata=told("Bytes"))
    state = fields.String(metadata=told("quarantined until it is checked, then clean or infected (and not kept)"))
    created_at = Instant(metadata=told("When it came"))
    name = fields.String(allow_none=True, metadata=told("What it is called; null while the caller may not know"))
    mine = fields.Boolean(metadata=told("Whether the caller sent it"))


class FileList(Output):
    """Files in the order of their arrival."""

    items = fields.List(fields.Nested(FileAnswer), metadata=told("Files"))
    waiting_for_scanner = fields.Boolean(metadata=told("Files wait longer than usual: no scanner answers"))


class Base64(fields.Field[bytes]):
    """The bytes of a file."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        if not isinstance(value, str) or not value.isascii():
            raise ValidationError("base64 is wanted")
        if len(value) > MOST_BASE64:
            raise ValidationError(f"larger than {MOST_MEGABYTES} MB")
        try:
            return base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raise ValidationError("base64 is wanted") from None


class FileInput(Input):
    """A file."""

    name = fields.String(
        required=True, validate=validate.Length(1, 2 * LONGEST_NAME), metadata=told("What it is called")
    )
    content = Base64(
        required=True, metadata=told("The bytes as base64; its type is told by them", type="string", format="byte")
    )


class RecordFileInput(FileInput, Whose):
    """A file for a record."""


class SentFileInput(FileInput):
    """A file for a consultation."""

    kind = fields.String(
        load_default="document",
        validate=validate.OneOf(["document", "audio"]),
        metadata=told("document (PDF, JPEG, PNG) or audio (a voice message)"),
    )


# -- authorisations -----------------------------------------------------------------------------------------------


class GrantAnswer(Output):
    """An authorisation on a record."""

    id = ident("Id")
    professional_id = ident("Who may see it")
    professional = fields.String(metadata=told("The professional's name"))
    since = Instant(metadata=told("Since when"))
    until = Instant(allow_none=True, metadata=told("Until when; null until it is withdrawn"))
    ended_at = Instant(allow_none=True, metadata=told("When it ended"))
    state = fields.String(metadata=told("open, run_out or withdrawn"))


class GrantList(Output):
    """Authorisations, those that hold first."""

    items = fields.List(fields.Nested(GrantAnswer), metadata=told("Authorisations"))
    days = fields.List(fields.Integer(), metadata=told("For how many days one can be given, beside until withdrawn"))


class GrantInput(Whose):
    """An authorisation."""

    professional_id = fields.UUID(required=True, metadata=told("Who may see the record"))
    days = fields.Integer(
        required=True, strict=True, allow_none=True, metadata=told("One of the portal's `days`; null until withdrawn")
    )


class SwitchesAnswer(Output):
    """What holds for all professionals."""

    objected_at = Instant(allow_none=True, metadata=told("Since when the record is closed to all; null: it is not"))
    tele_expertise_at = Instant(
        allow_none=True, metadata=told("Since when professionals may show each other files for advice; null: not")
    )


class SwitchesInput(Whose):
    """What shall hold for all professionals."""

    objects = fields.Boolean(required=True, metadata=told("Close the record to every professional"))
    tele_expertise = fields.Boolean(required=True, metadata=told("Professionals may show each other files for advice"))


class LookAnswer(Output):
    """Somebody looked."""

    at = Instant(metadata=told("When, the first time that day"))
    last_at = Instant(metadata=told("The last time that day"))
    times = fields.Integer(metadata=told("How often that day"))
    professional_id = fields.UUID(allow_none=True, metadata=told("The professional, where it was one"))
    who = fields.String(metadata=told("Who, by name"))
    did = fields.String(metadata=told("read, wrote or refused"))
    what = fields.String(metadata=told("profile, register, history, consultation, document, copy or tele_expertise"))
    act = fields.String(metadata=told("What was done, in words"))
    why = fields.String(metadata=told("Why it was possible or not, in words"))


class LookList(Output):
    """Who looked, newest first."""

    items = fields.List(fields.Nested(LookAnswer), metadata=told("Looks"))


# -- prescriptions ------------------------------------------------------------------------------------------------


class PrescriptionAct(Output):
    """Somebody looked at a prescription or did something with it."""

    at = Instant(metadata=told("When"))
    by = fields.String(metadata=told("patient, professional, pharmacist or portal"))
    what = fields.String(metadata=told("What was done, in words"))
    place = fields.String(allow_none=True, metadata=told("Number of the pharmacy"))
    number = fields.String(allow_none=True, metadata=told("Register number of the pharmacist"))
    name = fields.String(metadata=told("The pharmacist's name in the public register"))


class PrescriptionAnswer(Output):
    """A prescription; its content stands in its document alone."""

    id = ident("Id")
    reference = fields.String(metadata=told("Short name for people"))
    consultation_id = ident("Of which consultation")
    professional_id = ident("Who prescribed")
    professional = fields.String(metadata=told("The prescriber's name"))
    kind = fields.String(metadata=told("medicine, sick_leave or certificate"))
    delivery = fields.String(metadata=told("electronic or at_practice"))
    state = fields.String(metadata=told("issued, dispensed, refused, withdrawn or collected"))
    issued_at = Instant(metadata=told("When it was issued"))
    first_dispensing_until = fields.Date(
        allow_none=True, metadata=told("Until when it can be dispensed for the first time")
    )
    closed_at = Instant(allow_none=True, metadata=told("When it was dispensed, refused, withdrawn or collected"))
    has_document = fields.Boolean(metadata=told("Whether there is a document to download; not where it is on paper"))
    has_proof = fields.Boolean(metadata=told("Whether there is a proof with a code to download"))
    collect = fields.Dict(
        allow_none=True, metadata=told("Where and from when it is handed over: `address`, `note`, `when`")
    )


class OnePrescriptionAnswer(PrescriptionAnswer):
    """A prescription with who looked at it."""

    acts = fields.List(fields.Nested(PrescriptionAct), metadata=told("Who looked and did what, newest first"))


class PrescriptionList(Output):
    """Prescriptions, newest first."""

    items = fields.List(fields.Nested(PrescriptionAnswer), metadata=told("Prescriptions"))


class HandOverInput(Input):
    """A paper was handed over."""

    evidence = fields.String(
        required=True,
        validate=validate.OneOf(list(EVIDENCE)),
        metadata=told("By which document the identity was checked"),
    )

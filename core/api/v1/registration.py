"""Opening an account by program: fields, numbers and copies by country, each document accepted by itself."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import fields, validate
from werkzeug.datastructures import FileStorage

from core.api.fields import Input, Output, told
from core.api.operations import operation
from core.api.problems import Problem, invalid
from core.api.v1 import shared
from core.api.v1.forms import PersonInput, errors_of, typed
from core.db import db
from core.identity import registration
from core.messages import _
from core.web.language import language, say

topic = shared.topic(
    "registration", "Open an account: fields, numbers and copies by country, each document accepted by itself."
)


class _NewAccount(PersonInput):
    email = typed("E-mail address; a link is sent there")
    phone = typed("Mobile number with its country code", most=30)
    password = typed("Password", most=1024)
    accept = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)),
        values=fields.String(validate=validate.Length(max=60)),
        required=True,
        metadata=told("Documents accepted, each by itself: code to version, as GET /portal lists them"),
    )


class PatientInput(_NewAccount):
    """A patient's registration."""

    undertaking = fields.Boolean(
        required=True,
        metadata=told("The person undertakes to give exact data, their own identity and their true age: true"),
    )
    residence = typed("Country where the person lives, ISO", required=False, most=2)
    workplace = typed("Country where the person works, ISO", required=False, most=2)


class CopyInput(Input):
    """A copy of a document."""

    filename = typed("Name of the file")
    content = fields.String(
        required=True, validate=validate.Length(max=12 * 1024 * 1024), metadata=told("PDF, JPEG or PNG in base64")
    )


class ProfessionalInput(_NewAccount):
    """A professional's registration."""

    country = typed("Country of practice", most=2, values="practice_countries")
    specialty = typed("Code of the specialty", most=80)
    place = typed("Name and address of the practice", most=300)
    identifiers = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)),
        values=fields.String(validate=validate.Length(max=60)),
        load_default=dict,
        metadata=told("Numbers that the country asks for: code to number"),
    )
    documents = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)),
        values=fields.Nested(CopyInput),
        load_default=dict,
        metadata=told("Copies that the country asks for: code to file"),
    )


class ConfirmInput(Input):
    """The link of the e-mail."""

    token = fields.String(
        required=True, validate=validate.Length(min=1, max=200), metadata=told("The last part of the link")
    )
    accept = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)),
        values=fields.String(validate=validate.Length(max=60)),
        load_default=dict,
        metadata=told("Consents to processing, given expressly: code to version"),
    )


class Told(Output):
    """What happens next."""

    detail = fields.String(metadata=told("In plain words"))


def _boxes(accepted: Mapping[str, str]) -> dict[str, str]:
    return {f"accept_{code}": version for code, version in accepted.items()}


def _outcome(outcome: registration.Outcome) -> dict[str, str]:
    if outcome.errors:
        db.session.rollback()
        raise errors_of(outcome.errors)
    db.session.commit()
    return {"detail": say(_("Please open the link that we sent to your address. The account is not open before that."))}


@operation(topic, "POST", "/registrations/patient", roles=("public",), body=PatientInput, answer=Told, status=202)
def register_patient(body: dict[str, Any]) -> dict[str, str]:
    """Register as a patient.

    The answer is the same for an address that has an account already.
    """
    form = {**body, **_boxes(body.pop("accept"))}
    return _outcome(registration.register_patient(form, language=language(), ip=request.remote_addr or ""))


@operation(topic, "POST", "/registrations/professional", roles=("public",), body=ProfessionalInput, answer=Told, status=202)  # fmt: skip
def register_professional(body: dict[str, Any]) -> dict[str, str]:
    """Register as a professional; an operator validates the account before it is effective."""
    files = {}
    for code, copy in body.pop("documents").items():
        try:
            data = base64.b64decode(copy["content"], validate=True)
        except (binascii.Error, ValueError):
            raise invalid([{"pointer": f"#/documents/{code}/content", "detail": "not base64"}]) from None
        files[code] = FileStorage(io.BytesIO(data), filename=copy["filename"])
    # A number may not overwrite a field of the person.
    numbers = {k: v for k, v in body.pop("identifiers").items() if k not in body}
    form = {**numbers, **body, **_boxes(body.pop("accept"))}
    return _outcome(registration.register_professional(form, files, language=language(), ip=request.remote_addr or ""))


@operation(
    topic, "POST", "/registrations/confirm", roles=("public",), body=ConfirmInput, answer=Told,
    refusals={404: "The link is unknown, used or ran out"},
)  # fmt: skip
def confirm(body: dict[str, Any]) -> dict[str, str]:
    """Open the account by the link of the e-mail, with the express consents."""
    try:
        errors = registration.activate(body["token"], _boxes(body["accept"]), language=language())
    except LookupError:
        raise Problem(
            404, "link_not_good", _("This link is unknown, was used or ran out. You can ask for another one.")
        ) from None
    if errors:
        db.session.rollback()
        raise errors_of(errors)
    db.session.commit()
    return {"detail": say(_("The account is open. You can sign in."))}

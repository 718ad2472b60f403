"""Registering, and what a person declares of themselves: profile, category, numbers, dependants, agreements."""

from __future__ import annotations

import base64
import binascii
import io
import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, request
from marshmallow import fields, validate
from werkzeug.datastructures import FileStorage

from core.api.fields import Input, Output, ident, told
from core.api.operations import operation
from core.api.problems import Problem, invalid
from core.api.v1 import shared
from core.api.v1.portal import DocumentAnswer, document_of
from core.api.v1.schemas import Instant
from core.consent import service as consent
from core.db import db
from core.identity import accounts, dependants, profile, recovery, registration
from core.identity.categories import CategoryResult
from core.identity.schemas import DependantForm, check
from core.messages import Message, _
from core.web.language import language, say

registration_topic = shared.topic("registration", "Open an account: fields, numbers and copies by country, each document accepted by itself.")
topic = shared.topic("account", "The signed-in person: data, category, numbers, dependants, agreements.")


def _typed(description: str, *, required: bool = True, most: int = 254, values: str = "") -> fields.String:
    more: dict[str, Any] = {} if required else {"load_default": ""}
    return fields.String(required=required, validate=validate.Length(max=most), metadata=told(description, values=values), **more)


class _PersonInput(Input):
    first_name = _typed("First name as on the identity document")
    last_name = _typed("Last name as on the identity document")
    birth_date = _typed("Birth date, ISO", most=20)
    sex = _typed("female, male or other", most=10)


class _NewAccount(_PersonInput):
    email = _typed("E-mail address; a link is sent there")
    phone = _typed("Mobile number with its country code", most=30)
    password = _typed("Password", most=1024)
    accept = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)),
        values=fields.String(validate=validate.Length(max=60)),
        required=True,
        metadata=told("Documents accepted, each by itself: code to version, as GET /portal lists them"),
    )


class PatientInput(_NewAccount):
    """A patient's registration."""

    residence = _typed("Country where the person lives, ISO", required=False, most=2)
    workplace = _typed("Country where the person works, ISO", required=False, most=2)


class CopyInput(Input):
    """A copy of a document."""

    filename = _typed("Name of the file")
    content = fields.String(
        required=True, validate=validate.Length(max=12 * 1024 * 1024), metadata=told("PDF, JPEG or PNG in base64")
    )


class ProfessionalInput(_NewAccount):
    """A professional's registration."""

    country = _typed("Country of practice", most=2, values="practice_countries")
    specialty = _typed("Code of the specialty", most=80)
    place = _typed("Name and address of the practice", most=300)
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

    token = fields.String(required=True, validate=validate.Length(min=1, max=200), metadata=told("The last part of the link"))
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


def _errors(found: Mapping[str, list[Message]]) -> Problem:
    def pointer(name: str) -> str:
        return f"#/accept/{name.removeprefix('accept_')}" if name.startswith("accept_") else f"#/{name}"

    rows = [{"pointer": pointer(name), "detail": say(m)} for name, messages in found.items() for m in messages]
    return invalid(rows)


def _outcome(outcome: registration.Outcome) -> dict[str, str]:
    if outcome.errors:
        db.session.rollback()
        raise _errors(outcome.errors)
    db.session.commit()
    return {"detail": say(_("Please open the link that we sent to your address. The account is not open before that."))}


@operation(registration_topic, "POST", "/registrations/patient", roles=("public",), body=PatientInput, answer=Told, status=202)
def register_patient(body: dict[str, Any]) -> dict[str, str]:
    """Register as a patient.

    The answer is the same for an address that has an account already.
    """
    form = {**body, **_boxes(body.pop("accept"))}
    return _outcome(registration.register_patient(form, language=language(), ip=request.remote_addr or ""))


@operation(registration_topic, "POST", "/registrations/professional", roles=("public",), body=ProfessionalInput, answer=Told, status=202)  # fmt: skip
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
    registration_topic, "POST", "/registrations/confirm", roles=("public",), body=ConfirmInput, answer=Told,
    refusals={404: "The link is unknown, used or ran out"},
)  # fmt: skip
def confirm(body: dict[str, Any]) -> dict[str, str]:
    """Open the account by the link of the e-mail, with the express consents."""
    try:
        errors = registration.activate(body["token"], _boxes(body["accept"]), language=language())
    except LookupError:
        raise Problem(404, "link_not_good", _("This link is unknown, was used or ran out. You can ask for another one.")) from None
    if errors:
        db.session.rollback()
        raise _errors(errors)
    db.session.commit()
    return {"detail": say(_("The account is open. You can sign in."))}


# -- the person -------------------------------------------------------------------------------------------------


class MeAnswer(Output):
    """The signed-in person."""

    account_id = ident("Account")
    role = fields.String(metadata=told("patient or professional"))
    first_name = fields.String(metadata=told("First name"))
    last_name = fields.String(metadata=told("Last name"))
    birth_date = fields.String(metadata=told("Birth date, ISO"))
    sex = fields.String(metadata=told("female, male or other"))
    email = fields.String(metadata=told("E-mail address"))
    phone = fields.String(metadata=told("Mobile number, E.164"))
    language = fields.String(metadata=told("Language", values="languages"))
    time_zone = fields.String(allow_none=True, metadata=told("Zone; the portal's where null"))
    professional_state = fields.String(allow_none=True, metadata=told("pending, validated or refused; null for patients"))
    limited_services = fields.List(fields.String(), metadata=told("Services that the operator closed to this account", values="services"))


class ConditionAnswer(Output):
    """Something that is missing."""

    kind = fields.String(metadata=told("residence, workplace, identifier, document, declared or residence_elsewhere"))
    value = fields.String(metadata=told("Country, identifier type, document type or declaration"))


class StatusAnswer(Output):
    """A status of the category."""

    code = fields.String(metadata=told("Code", values="statuses"))
    label = fields.String(metadata=told("Name"))
    declared = fields.Boolean(metadata=told("Declared by the person"))
    active = fields.Boolean(metadata=told("Declared and proved"))
    missing = fields.List(fields.Nested(ConditionAnswer), metadata=told("What is missing for it"))


class CategoryAnswer(Output):
    """What the person is for the rules; computed, never typed."""

    code = fields.String(metadata=told("Code", values="categories"))
    label = fields.String(metadata=told("Name"))
    description = fields.String(metadata=told("What it means"))
    verified = fields.Boolean(metadata=told("All its conditions hold"))
    missing = fields.List(fields.Nested(ConditionAnswer), metadata=told("What is missing for it, or for a better one"))
    statuses = fields.List(fields.Nested(StatusAnswer), metadata=told("Statuses of this category"))


class ProfileInput(Input):
    """Places and declarations."""

    residence = _typed("Country where the person lives, ISO", required=False, most=2)
    workplace = _typed("Country where the person works, ISO", required=False, most=2)
    confirmed = fields.Boolean(load_default=False, metadata=told("The person confirms these countries"))
    declared = fields.List(
        fields.String(validate=validate.Length(max=60)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata=told("Codes of statuses that the person declares"),
    )


class NumberInput(Input):
    """A number."""

    value = _typed("The number as it is printed", most=60)


@operation(topic, "GET", "/me", roles=("patient", "professional"), answer=MeAnswer)
def me() -> dict[str, Any]:
    """The signed-in person's data."""
    account = accounts.by_id(g.account.id)
    who = accounts.person(account)
    names = ("first_name", "last_name", "birth_date", "sex", "email", "phone")
    return {
        **{n: getattr(who, n) for n in names},
        "account_id": account.id,
        "role": account.role,
        "language": account.language,
        "time_zone": account.time_zone,
        "professional_state": g.account.professional_state,
        "limited_services": sorted(g.account.limited_services),
    }


def _category(result: CategoryResult) -> dict[str, Any]:
    account = accounts.by_id(g.account.id)
    return {
        "code": result.code,
        "label": say(result.label),
        "description": say(result.description),
        "verified": result.verified,
        "missing": result.missing,
        "statuses": [
            {"code": s.code, "label": say(s.label), "declared": s.declared, "active": s.active, "missing": s.missing}
            for s in profile.statuses_of(account)
        ],
    }


@operation(topic, "GET", "/me/category", roles=("patient",), answer=CategoryAnswer)
def category() -> dict[str, Any]:
    """What the person is for the rules, and what is missing."""
    return _category(profile.category_of(accounts.by_id(g.account.id)))


@operation(topic, "PUT", "/me/profile", roles=("patient",), body=ProfileInput, answer=CategoryAnswer)
def put_profile(body: dict[str, Any]) -> dict[str, Any]:
    """Declare places and statuses; the answer is the category that follows."""
    wrong = [
        {"pointer": f"#/{n}", "detail": "a country as two capital letters, such as FR"}
        for n in ("residence", "workplace")
        if body[n] and not (len(body[n]) == 2 and body[n].isascii() and body[n].isalpha() and body[n].isupper())
    ]
    if wrong:
        raise invalid(wrong)
    account = accounts.by_id(g.account.id, lock=True)
    profile.write(account, profile.Declared(body["residence"], body["workplace"], body["confirmed"], tuple(body["declared"])))
    db.session.commit()
    return _category(profile.category_of(account))


@operation(
    topic, "PUT", "/me/identifiers/<code>", roles=("patient",), body=NumberInput, answer=CategoryAnswer,
    refusals={404: "The portal knows no such number"},
)  # fmt: skip
def put_identifier(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Give a number; it is checked. The answer is the category that follows."""
    kind = profile.identifier_types("patient").get(code)
    if kind is None:
        raise shared.absent()
    account = accounts.by_id(g.account.id, lock=True)
    wrong = profile.set_identifier(account, kind, body["value"])
    if wrong is not None:
        db.session.commit()
        raise invalid([{"pointer": "#/value", "detail": say(wrong)}])
    db.session.commit()
    return _category(profile.category_of(account))


@operation(topic, "DELETE", "/me/identifiers/<code>", roles=("patient",), answer=None, status=204)
def delete_identifier(code: str) -> None:
    """Take a number away; absent before or not, it is absent after."""
    profile.remove_identifier(accounts.by_id(g.account.id, lock=True), code)
    db.session.commit()


class PasswordInput(Input):
    """The password, old and new."""

    old = _typed("The present password", most=1024)
    new = _typed("The new one", most=1024)


@operation(topic, "PUT", "/me/password", roles=("patient", "professional"), body=PasswordInput, answer=None, status=204)
def change_password(body: dict[str, Any]) -> None:
    """Choose a new password; every other session ends."""
    found = recovery.change(g.account.id, body["old"], body["new"], keep=g.account.session_id, ip=request.remote_addr or "")
    db.session.commit()
    if found:
        raise _errors(found)


# -- dependants -------------------------------------------------------------------------------------------------


class DependantInput(_PersonInput):
    """A minor or protected adult."""

    relation = _typed("parent, guardian, curator or mandate", most=20)


class DependantAnswer(Output):
    """A dependant."""

    id = ident("Id")
    kind = fields.String(metadata=told("minor or protected_adult"))
    relation = fields.String(metadata=told("parent, guardian, curator or mandate"))
    name = fields.String(metadata=told("Name"))
    birth_date = fields.Date(metadata=told("Birth date"))
    age = fields.Integer(metadata=told("Age in completed years"))


class DependantList(Output):
    """The account's dependants."""

    items = fields.List(fields.Nested(DependantAnswer), metadata=told("In the order in which they were added"))


@operation(topic, "GET", "/me/dependants", roles=("patient",), answer=DependantList)
def list_dependants() -> dict[str, Any]:
    """The minors and protected adults whom the patient acts for."""
    return {"items": dependants.listed(g.account.id)}


@operation(topic, "POST", "/me/dependants", roles=("patient",), body=DependantInput, answer=DependantAnswer, status=201)
def add_dependant(body: dict[str, Any]) -> Any:
    """Add a minor or a protected adult."""
    data, errors = check(DependantForm(), body)
    errors = errors or dependants.problems(data)
    if errors:
        raise _errors(errors)
    row = dependants.add_dependant(g.account.id, data)
    db.session.commit()
    return dependants.view(row)


@operation(topic, "DELETE", "/me/dependants/<uuid:dependant_id>", roles=("patient",), answer=None, status=204)
def remove_dependant(dependant_id: uuid.UUID) -> None:
    """Take a dependant off the account; past appointments keep theirs."""
    dependants.remove(g.account.id, dependant_id)
    db.session.commit()


# -- agreements -------------------------------------------------------------------------------------------------


class ProofAnswer(Output):
    """Something that the person agreed to or refused."""

    document = fields.String(metadata=told("Which document"))
    version = fields.String(metadata=told("Version"))
    title = fields.String(metadata=told("Title"))
    way = fields.String(metadata=told("registration, express, order, continued_use, refused or withdrawn"))
    language = fields.String(metadata=told("Language in which it was shown"))
    at = Instant(metadata=told("When"))


class AcceptanceAnswer(Output):
    """Where the person stands."""

    missing = fields.List(fields.Nested(DocumentAnswer), metadata=told("To be accepted before anything else"))
    announced = fields.List(fields.Nested(DocumentAnswer), metadata=told("Will bind later; may be accepted or refused before"))
    proof = fields.List(fields.Nested(ProofAnswer), metadata=told("All that was agreed to or refused, oldest first"))


class AcceptInput(Input):
    """Documents accepted, each by itself."""

    accept = fields.Dict(
        keys=fields.String(validate=validate.Length(max=60)),
        values=fields.String(validate=validate.Length(max=60)),
        required=True,
        validate=validate.Length(min=1),
        metadata=told("Code to version"),
    )


def _standing() -> dict[str, Any]:
    standing = consent.standing(g.account.id)
    return {
        "missing": [document_of(v) for v in standing.missing],
        "announced": [document_of(v) for v in standing.announced],
        "proof": consent.proof(g.account.id, language()),
    }


@operation(topic, "GET", "/acceptances", roles=("patient", "professional"), answer=AcceptanceAnswer)
def acceptances() -> dict[str, Any]:
    """What the person agreed to, and what waits for agreement."""
    return _standing()


@operation(topic, "POST", "/acceptances", roles=("patient", "professional"), body=AcceptInput, answer=AcceptanceAnswer, status=201)
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept documents that wait, in the version that binds or is announced."""
    standing = consent.standing(g.account.id)
    wanted = {v.code: v for v in (*standing.missing, *standing.announced)}
    wrong = [
        {"pointer": f"#/accept/{code}", "detail": "this document in this version waits for no agreement"}
        for code, version in body["accept"].items()
        if code not in wanted or wanted[code].version != version
    ]
    if wrong:
        raise invalid(wrong)
    consent.accept_again(g.account.id, [wanted[code] for code in body["accept"]], language=language())
    db.session.commit()
    return _standing()



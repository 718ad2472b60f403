"""What a person declares of themselves: profile, category, numbers, dependants, agreements."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, request
from marshmallow import fields, validate

from core.api.fields import Input, Output, ident, told
from core.api.operations import operation
from core.api.problems import invalid
from core.api.v1 import shared
from core.api.v1.forms import PersonInput, errors_of, typed
from core.api.v1.portal import DocumentAnswer, document_of
from core.api.v1.schemas import Instant
from core.consent import service as consent
from core.db import db
from core.identity import accounts, dependants, profile, recovery
from core.identity.categories import CategoryResult
from core.identity.schemas import DependantForm, check
from core.web.language import language, say

topic = shared.topic("account", "The signed-in person: data, category, numbers, dependants, agreements.")


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
    professional_state = fields.String(
        allow_none=True, metadata=told("pending, validated or refused; null for patients")
    )
    limited_services = fields.List(
        fields.String(), metadata=told("Services that the operator closed to this account", values="services")
    )


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

    residence = typed("Country where the person lives, ISO", required=False, most=2)
    workplace = typed("Country where the person works, ISO", required=False, most=2)
    confirmed = fields.Boolean(load_default=False, metadata=told("The person confirms these countries"))
    declared = fields.List(
        fields.String(validate=validate.Length(max=60)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata=told("Codes of statuses that the person declares"),
    )


class NumberInput(Input):
    """A number."""

    value = typed("The number as it is printed", most=60)


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
    postcode = profile.read(account).postcode
    profile.write(
        account,
        profile.Declared(body["residence"], body["workplace"], body["confirmed"], tuple(body["declared"]), postcode),
    )
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

    old = typed("The present password", most=1024)
    new = typed("The new one", most=1024)


@operation(topic, "PUT", "/me/password", roles=("patient", "professional"), body=PasswordInput, answer=None, status=204)
def change_password(body: dict[str, Any]) -> None:
    """Choose a new password; every other session ends."""
    found = recovery.change(
        g.account.id, body["old"], body["new"], keep=g.account.session_id, ip=request.remote_addr or ""
    )
    db.session.commit()
    if found:
        raise errors_of(found)


# -- dependants -------------------------------------------------------------------------------------------------


class DependantInput(PersonInput):
    """A minor or protected adult."""

    relation = typed("parent, guardian, curator or mandate", most=20)
    declared = fields.Boolean(
        required=True, metadata=told("The holder declares to be responsible for adding this person: true")
    )


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
        raise errors_of(errors)
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
    announced = fields.List(
        fields.Nested(DocumentAnswer), metadata=told("Will bind later; may be accepted or refused before")
    )
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


@operation(
    topic,
    "POST",
    "/acceptances",
    roles=("patient", "professional"),
    body=AcceptInput,
    answer=AcceptanceAnswer,
    status=201,
)
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

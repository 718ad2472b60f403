"""Who may see a record, and who looked: for programs of patients."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g

from core.api.fields import Empty
from core.api.operations import operation
from core.api.v1 import shared
from core.api.v1.record import subject_of
from core.api.v1.schemas_record import (
    GrantAnswer,
    GrantInput,
    GrantList,
    LookList,
    SwitchesAnswer,
    SwitchesInput,
    Whose,
)
from core.care.record import service, sharing, shown
from core.db import db

topic = shared.topic(
    "authorisations", "Who may see the record of the patient or a dependant, for how long; and everybody who looked."
)
DEPENDANT = {404: "No such dependant"}


def _grant(one: service.Grant) -> dict[str, Any]:
    names = ("id", "since", "until", "ended_at", "state")
    return {
        **{n: getattr(one, n) for n in names},
        "professional_id": one.professional.id,
        "professional": f"{one.professional.title} {one.professional.name}".strip(),
    }


def _one(person_id: uuid.UUID, grant_id: uuid.UUID) -> dict[str, Any]:
    return next(_grant(x) for x in service.grants_of(person_id) if x.id == grant_id)


@operation(topic, "GET", "/record/grants", roles=("patient",), query=Whose, answer=GrantList, refusals=DEPENDANT)
def list_grants(query: dict[str, Any]) -> dict[str, Any]:
    """Professional by professional: since when, until when; those that hold first."""
    found = service.grants_of(subject_of(query).person_id)
    return {"items": [_grant(x) for x in found], "days": sharing.grant_days()}


@operation(
    topic, "POST", "/record/grants", roles=("patient",), body=GrantInput, answer=GrantAnswer, status=201, repeatable=True,
    refusals={404: "No such dependant or professional"},
)  # fmt: skip
def give(body: dict[str, Any]) -> dict[str, Any]:
    """Let one professional see the record, for a time; one that holds already gets the new end."""
    subject = subject_of(body)
    made = service.grant(subject, body["professional_id"], days=body["days"])
    return _one(subject.person_id, made)


@operation(
    topic, "POST", "/record/grants/<uuid:grant_id>/withdraw", roles=("patient",), body=Empty, answer=None, status=204,
    refusals={404: "No such authorisation of yours"},
)  # fmt: skip
def withdraw(body: dict[str, Any], grant_id: uuid.UUID) -> None:
    """Take an authorisation back: it holds no more from this instant. Twice changes nothing."""
    service.withdraw(g.account.id, grant_id)
    db.session.commit()


def _switches(person_id: uuid.UUID) -> dict[str, Any]:
    found = service.switches(person_id)
    return {"objected_at": found.objected_at, "tele_expertise_at": found.tele_expertise_at}


@operation(topic, "GET", "/record/sharing", roles=("patient",), query=Whose, answer=SwitchesAnswer, refusals=DEPENDANT)
def get_sharing(query: dict[str, Any]) -> dict[str, Any]:
    """What holds for all professionals: an objection, advice among professionals."""
    return _switches(subject_of(query).person_id)


@operation(
    topic, "PUT", "/record/sharing", roles=("patient",), body=SwitchesInput, answer=SwitchesAnswer, refusals=DEPENDANT
)
def put_sharing(body: dict[str, Any]) -> dict[str, Any]:
    """Close the record to every professional or open it again to those allowed; agree or not to advice among them."""
    person_id = subject_of(body).person_id
    service.object_to_sharing(person_id, body["objects"])
    service.agree_to_tele_expertise(person_id, body["tele_expertise"])
    db.session.commit()
    return _switches(person_id)


@operation(topic, "GET", "/record/accesses", roles=("patient",), query=Whose, answer=LookList, refusals=DEPENDANT)
def list_accesses(query: dict[str, Any]) -> dict[str, Any]:
    """Who looked at what, when and why, newest first."""
    found = []
    for line in shown.looks(subject_of(query)):
        look = line["look"]
        names = ("at", "last_at", "times", "professional_id", "did", "what")
        found.append({**{n: getattr(look, n) for n in names}, **{n: line[n] for n in ("who", "act", "why")}})
    return {"items": found}

"""A record as its pages show it: registers in words, authors by name, looks as sentences."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import g

from core.care.record import service, words
from core.care.record.blueprint import Where
from core.care.record.entries import Entry, RegisterState
from core.care.record.looks import Look
from core.care.record.people import Subject
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.types import HealthRegister
from core.identity import people as identity
from core.messages import Message, _
from core.tenancy.current import current_tenant
from core.web.language import say


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry in words: `lines` are (label, answer, free text); in a list `title` names it and `more` is the rest."""

    entry: Entry
    title: str
    lines: list[tuple[str, str, bool]]
    more: list[tuple[str, str, bool]]
    author: str
    ended_by: str


def professional_name(professional_id: uuid.UUID | None) -> str:
    """A professional by name; none where they left."""
    found: Professional | None = Professional.get(professional_id) if professional_id else None
    return f"{found.title} {found.name}".strip() if found else ""


def author_of(entry: Entry, subject: Subject) -> str:
    """Who wrote an entry, as the reader would say it."""
    if entry.author_kind == "professional":
        return professional_name(entry.professional_id) or say(_("a professional who has left"))
    return _account_name(entry.author_account_id, subject)


def _account_name(account_id: uuid.UUID, subject: Subject) -> str:
    viewer = g.get("account")
    if viewer is not None and viewer.id == account_id:
        return say(_("you"))
    if account_id == subject.account_id and subject.dependant_id is None:
        return say(_("the patient"))
    return identity.names([account_id]).get(account_id) or say(_("somebody who has left"))


def _ended_by(entry: Entry, subject: Subject) -> str:
    if entry.ended_by is None:
        return ""
    professional = directory.profile_of(entry.ended_by)
    return professional_name(professional.id) if professional else _account_name(entry.ended_by, subject)


def entry(register: HealthRegister, one: Entry, subject: Subject) -> ShownEntry:
    """An entry for a page."""
    if one.none:
        title = say(register.none_label) if register.none_label else say(_("None"))
        return ShownEntry(one, title, [], [], author_of(one, subject), _ended_by(one, subject))
    first = words.named_by(register, one.values)
    return ShownEntry(
        one,
        words.shown(first, one.values[first.code]) if first else "",
        words.lines(register, one.values),
        words.lines(register, one.values, but=first),
        author_of(one, subject),
        _ended_by(one, subject),
    )


def register(state: RegisterState, subject: Subject, where: Where) -> dict[str, Any] | None:
    """A register for the overview; None for documents that no room of this portal has."""
    documents = where.documents() if state.register.form == "documents" else None
    if state.register.form == "documents" and documents is None:
        return None
    return {
        "state": state,
        "register": state.register,
        "entries": [entry(state.register, e, subject) for e in state.entries],
        "last": entry(state.register, state.last, subject) if state.last else None,
        "documents": documents,
    }


def profile(found: service.Profile, where: Where) -> list[dict[str, Any]]:
    """All registers for the overview, in order."""
    made = [register(s, found.subject, where) for s in found.registers]
    return [m for m in made if m is not None]


def history(rows: Iterable[service.Done], where: Where) -> list[dict[str, Any]]:
    """The consultations done, each with its service in words and its page."""
    labels = {s.code: say(s.label) for s in current_tenant().dispatcher.collect("services")}
    return [
        {"row": d, "service": labels.get(d.service, d.service), "url": where.consultation(d.consultation_id)}
        for d in rows
    ]


# -- who looked -------------------------------------------------------------------------------------------------------

_READ: dict[str, Message] = {
    "profile": _("read the health profile"),
    "register": _("read “{register}”"),
    "history": _("saw the list of their own consultations with you"),
    "consultation": _("opened a consultation"),
    "document": _("opened a document"),
    "copy": _("took a copy of what they hold of you"),
    "tele_expertise": _("received a document to give advice"),
}
_WROTE: dict[str, Message] = {"register": _("wrote in “{register}”"), "document": _("added a document")}
_REFUSED: dict[str, Message] = {
    "profile": _("wanted to read the health profile; it was not shown"),
    "register": _("wanted to open “{register}”; it was not shown"),
    "consultation": _("wanted to open a consultation; it was not shown"),
    "document": _("wanted to open a document; it was not shown"),
    "tele_expertise": _("was to receive a document for advice; it was not sent"),
}
_WHY: dict[str, Message] = {
    "patient_allowed": _("You had allowed it."),
    "own_consultation": _("A professional always sees their own consultations."),
    "no_grant": _("You had not allowed it."),
    "sharing_objected": _("You had objected to sharing."),
    "weak_sign_in": _("The sign-in was not safe enough."),
    "tele_expertise_agreed": _("You had agreed that professionals advise each other."),
    "no_tele_expertise": _("You had not agreed that professionals advise each other."),
}
_WORDS = {"read": _READ, "wrote": _WROTE, "refused": _REFUSED}


def look(one: Look, labels: dict[str, str], subject: Subject) -> dict[str, Any]:
    """A look as a sentence: who, what, when, why."""
    who = professional_name(one.professional_id)
    if not who and one.account_id is not None:
        who = identity.names([one.account_id]).get(one.account_id, "")
    did = _WORDS[one.did].get(one.what)
    act = say(Message(did.msgid, {"register": labels.get(one.detail, one.detail)})) if did else one.what
    reason = _WHY.get(one.why)
    return {
        "look": one,
        "who": who or say(_("somebody who has left")),
        "act": act,
        "why": say(reason) if reason else "",
    }


def looks(subject: Subject) -> list[dict[str, Any]]:
    """Who looked, in words, newest first."""
    labels = {r.code: say(r.label) for r in current_tenant().dispatcher.collect("health_registers")}
    return [look(one, labels, subject) for one in service.looks_of(subject.person_id)]

"""What a person gave to the portal, as one ZIP of JSON and their own files (IA-097); for access, what is held besides."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select

from core import clock
from core.care.consultations import messages, reports
from core.care.consultations import service as consultations
from core.care.consultations.models import Consultation
from core.care.documents import service as documents
from core.care.documents.models import CLEAN, CareDocument
from core.care.prescriptions.models import Prescription
from core.care.record import service as record
from core.care.record.models import HealthEntry
from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import accounts, dependants, profile, uploads
from core.identity.models import Account, PersonDocument
from core.privacy import directives
from core.scheduling import service as scheduling
from core.scheduling.models import Appointment
from core.tenancy import keys
from core.tenancy.current import current_tenant

FORMAT = "portico-personal-data/1"
FILES_MOST_BYTES = 40 * 1024 * 1024
"""How much of files one copy holds at most; what is beyond stands in the list of files left out."""


@dataclass(slots=True)
class _Box:
    archive: zipfile.ZipFile
    taken: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)

    def put(self, path: str, data: bytes, about: dict[str, Any]) -> str | None:
        """Put a file in while there is room; its path, or None where it was left out."""
        if self.taken + len(data) > FILES_MOST_BYTES:
            self.left_out.append(about)
            return None
        self.taken += len(data)
        self.archive.writestr(path, data)
        return path


def make(account_id: uuid.UUID, *, whole: bool) -> bytes:
    """The copy as a ZIP: `my-data.json` with all that the person supplied, and their files beside it.

    `whole` adds what is held about them besides: reports, prescriptions, messages of others, who looked. What a person's
    erasure has made unreadable is named as erased.
    """
    account = accounts.by_id(account_id)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        box = _Box(archive)
        body = _supplied(account, box)
        body["files_left_out"] = box.left_out
        _json(archive, "my-data.json", body)
        if whole:
            _json(archive, "about-me.json", _held(account))
    return out.getvalue()


def _json(archive: zipfile.ZipFile, path: str, body: Any) -> None:
    archive.writestr(path, json.dumps(body, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (dt.datetime, dt.date)) else str(value)


def _supplied(account: Account, box: _Box) -> dict[str, Any]:
    body: dict[str, Any] = {
        "format": FORMAT,
        "portal": current_tenant().slug,
        "made_at": clock.now(),
        "account": {
            "id": account.id, "role": account.role, "created_at": account.created_at, "language": account.language,
            "time_zone": account.time_zone, "country": account.country, **asdict(accounts.person(account)),
        },
        "numbers": profile.identifiers(account),
        "copies": _copies(account, box),
        "agreements": [asdict(p) for p in consent.proof(account.id, account.language)],
        "directives": directives.history(account.id),
    }  # fmt: skip
    if account.role == "patient":
        body["declared"] = asdict(profile.read(account))
        body["people_i_act_for"] = [asdict(d) for d in dependants.listed(account.id)]
        body["health_profile"] = _entries(account, people=_people(account))
        body["appointments"] = _appointments(account)
        body["consultations"] = _consultations(account)
    else:
        body["professional"] = _professional(account)
    body["documents"] = _documents(account, box)
    return body


def _people(account: Account) -> dict[uuid.UUID, str]:
    return {person: name for _dependant, person, name in record.subjects_of(account.id)}


def _copies(account: Account, box: _Box) -> list[dict[str, Any]]:
    found = []
    for number, row in enumerate(
        db.session.execute(
            select(PersonDocument).where(PersonDocument.account_id == account.id).order_by(PersonDocument.created_at)
        ).scalars(),
        1,
    ):
        about = {"type": row.type, "mimetype": row.mimetype, "size": row.size, "sent_at": row.created_at}
        if row.sealed is None:
            about["erased_after_check"] = True
        else:
            about["file"] = box.put(
                f"copies/{number}-{row.type}.{_extension(row.mimetype)}", uploads.content(account, row), about
            )
        found.append(about)
    return found


def _extension(mimetype: str) -> str:
    return mimetype.rpartition("/")[2].partition("+")[0].replace("jpeg", "jpg") or "bin"


def _entries(account: Account, *, people: dict[uuid.UUID, str]) -> list[dict[str, Any]]:
    """What the account wrote in health profiles, its own and of those it acts for."""
    h = HealthEntry
    rows = db.session.execute(
        select(h)
        .where(h.author_account_id == account.id, h.person_id.in_(list(people)))
        .order_by(h.person_id, h.register, h.written_at)
    ).scalars()
    found = []
    for row in rows:
        line: dict[str, Any] = {
            "of": people[row.person_id], "register": row.register, "written_at": row.written_at, "ended_at": row.ended_at,
        }  # fmt: skip
        try:
            told = keys.unseal_json(row.person_id, "health_entries", "sealed", row.sealed)
            line |= {"none": True} if told.get("none") else {"values": told.get("values") or {}}
        except keys.Erased:
            line["erased"] = True
        found.append(line)
    return found


def _appointments(account: Account) -> list[dict[str, Any]]:
    a = Appointment
    rows = db.session.execute(
        select(a).where(a.patient_account_id == account.id, a.state.not_in(("held", "expired"))).order_by(a.starts_at)
    ).scalars()
    found = []
    for row in rows:
        line = {"service": row.service, "reason": row.reason_label, "starts_at": row.starts_at, "state": row.state}
        try:
            line["note"] = scheduling.note_of(row)
        except keys.Erased:
            line["erased"] = True
        found.append(line)
    return found


def _own_consultations(account: Account) -> list[Consultation]:
    c = Consultation
    query = select(c).where(c.patient_account_id == account.id).order_by(c.requested_at, c.id)
    return list(db.session.execute(query).scalars())


def _consultations(account: Account) -> list[dict[str, Any]]:
    """Questions and messages that the patient wrote."""
    found = []
    for row in _own_consultations(account):
        line: dict[str, Any] = {
            "id": row.id,
            "service": row.service,
            "requested_at": row.requested_at,
            "state": row.state,
        }
        try:
            line["question"] = consultations.question_of(row)
            line["messages"] = [
                {"sent_at": m.sent_at, "text": m.text} for m in messages.of(row) if m.author == "patient" and m.text
            ]
        except keys.Erased:
            line["erased"] = True
        found.append(line)
    return found


def _documents(account: Account, box: _Box) -> list[dict[str, Any]]:
    """The files that the account sent, whatever they belong to; one that is not found harmless is named only."""
    d = CareDocument
    rows = db.session.execute(
        select(d).where(d.author_account_id == account.id, d.state != "removed").order_by(d.created_at, d.id)
    ).scalars()
    found = []
    for number, row in enumerate(list(rows), 1):
        about: dict[str, Any] = {
            "mimetype": row.mimetype,
            "size": row.size,
            "sent_at": row.created_at,
            "state": row.state,
        }
        try:
            about["name"] = documents.name_of(row)
            if row.state == CLEAN:
                path = f"documents/{number}-{_file_name(about['name'])}"
                about["file"] = box.put(path, documents.content(row), about)
                db.session.expire(row, ["sealed"])
        except keys.Erased:
            about["erased"] = True
        found.append(about)
    return found


def _file_name(name: str) -> str:
    """A name that is one part of a path, on every system."""
    kept = "".join(c if c.isalnum() or c in "-_. " else "_" for c in name or "file")
    return kept.strip(". ")[:120] or "file"


def _professional(account: Account) -> dict[str, Any]:
    found = directory.profile_of(account.id)
    if found is None:
        return {}
    told = ("name", "title", "specialty", "country", "presentation", "languages")
    return {k: getattr(found, k) for k in told if hasattr(found, k)}


def _held(account: Account) -> dict[str, Any]:
    """What is held besides: what others wrote about the person, and who looked."""
    people = _people(account) if account.role == "patient" else {}
    names = _names(people)
    return {
        "reports": [_report(row, names) for row in _own_consultations(account)] if people else [],
        "prescriptions": [
            {"kind": p.kind, "issued_at": p.issued_at, "state": p.state, "professional": names.get(p.professional_id, "")}
            for p in db.session.execute(
                select(Prescription).where(Prescription.account_id == account.id).order_by(Prescription.issued_at)
            ).scalars()
        ],
        "who_looked": [
            {"of": name, "at": look.at, "what": look.what, "did": look.did, "professional": names.get(look.professional_id, "")}
            for person, name in people.items()
            for look in record.looks_of(person)
        ],
    }  # fmt: skip


def _names(people: Iterable[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    rows = db.session.execute(select(Professional.id, Professional.title, Professional.name)) if people else ()
    return {i: f"{title} {name}".strip() for i, title, name in rows}


def _report(row: Consultation, names: dict[uuid.UUID | None, str]) -> dict[str, Any]:
    line: dict[str, Any] = {"consultation": row.id, "professional": names.get(row.professional_id, "")}
    try:
        line["reports"] = [
            {"version": v.version, "saved_at": v.saved_at, "parts": dict(v.parts)} for v in reports.versions(row.id)
        ]
        line["messages"] = [
            {"author": m.author, "sent_at": m.sent_at, "text": m.text}
            for m in messages.of(row)
            if m.author != "patient"
        ]
    except keys.Erased:
        line["erased"] = True
    return line

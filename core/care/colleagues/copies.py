"""A professional's own copy of what they hold on the portal: one ZIP file, made while they wait (CB-283)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from core import audit, clock
from core.care.colleagues import expertise, sharing, threads
from core.care.consultations import messages, reports, service, states
from core.care.consultations.models import Consultation
from core.care.documents import service as documents
from core.care.documents.models import CareDocument
from core.db import db
from core.directory.models import Professional
from core.identity import people as identity
from core.messages import _
from core.scheduling import service as scheduling
from core.scheduling.models import Appointment
from core.tenancy import keys
from core.web.frame import Refused

MOST = 2000
"""How many consultations one copy holds at most: it is made in memory, while the professional waits."""
FILES_MOST_BYTES = 50 * 1024 * 1024
"""How much of files one copy holds at most; what is beyond stands in the list of files left out."""
SERVED = (states.IN_PROGRESS, states.AWAITING_REPORT, states.COMPLETED, states.REFUNDED)
MET = ("booked", "done")
"""States of a past appointment to which the patient came."""
KEPT_OUT = ("held", "expired")
WHAT = "copy"


@dataclass(slots=True)
class Copy:
    """A copy that was made: the ZIP, and how much is in it."""

    data: bytes
    consultations: int = 0
    patients: int = 0
    left_out: int = 0


def years(me: Professional) -> list[int]:
    """The years of which there are consultations or appointments, newest first."""
    found = set()
    for column, owner in (
        (Consultation.requested_at, Consultation.professional_id),
        (Appointment.starts_at, Appointment.professional_id),
    ):
        year = func.extract("year", func.timezone("UTC", column))
        found |= {int(y) for y in db.session.execute(select(year).where(owner == me.id).distinct()).scalars()}
    return sorted(found, reverse=True)


def _between(year: int | None) -> tuple[dt.datetime, dt.datetime]:
    if year is None:
        return dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
    return dt.datetime(year, 1, 1, tzinfo=dt.UTC), dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC)


def make(me: Professional, year: int | None = None) -> Copy:
    """Make a copy of all that this professional holds, or of one year (UTC). On the trail, and listed to each patient.

    Raises Refused (409) where there are more than `MOST` consultations.
    """
    start, end = _between(year)
    c = Consultation
    rows = list(
        db.session.execute(
            select(c)
            .where(c.professional_id == me.id, c.requested_at >= start, c.requested_at < end)
            .order_by(c.requested_at, c.id)
            .limit(MOST + 1)
        ).scalars()
    )
    if len(rows) > MOST:
        raise Refused(
            _("A copy holds at most {most} consultations. Please choose a single year.", most=MOST)
            if year is None
            else _("This year has more than {most} consultations. Please ask our support for the copy.", most=MOST)
        )
    a = Appointment
    met = list(
        db.session.execute(
            select(a)
            .where(
                a.professional_id == me.id, a.state.not_in(KEPT_OUT), a.starts_at >= start, a.starts_at < end
            )
            .order_by(a.starts_at, a.id)
        ).scalars()
    )  # fmt: skip
    box = io.BytesIO()
    made = Copy(b"", consultations=len(rows))
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        names = _names(rows, met)
        _consultations(archive, rows, me, names, made)
        _appointments(archive, met, names)
        served = _patients(archive, rows, met, names)
        made.patients = len(served)
        _colleagues(archive, me, start, end)
    made.data = box.getvalue()
    concerned = {r.person_id for r in rows} | _persons(met)
    details = {"consultations": len(rows), "appointments": len(met), "persons": len(concerned), "year": year}
    audit.record("copy.made", "professional", me.id, details)
    for person_id in sorted(concerned):
        sharing.note_access(person_id, me.id, WHAT)
    return made


Names = dict[tuple[uuid.UUID, uuid.UUID | None], str]


def _names(rows: Iterable[Consultation], met: Iterable[Appointment]) -> Names:
    """Names by (account, dependant); erased and removed people have none."""
    wanted = {(r.patient_account_id, r.dependant_id) for r in rows}
    wanted |= {(r.patient_account_id, r.dependant_id) for r in met}
    holders = identity.names({account for account, dependant in wanted if dependant is None})
    found: Names = {}
    for account, dependant in wanted:
        if dependant is None:
            found[(account, None)] = holders.get(account, "")
            continue
        try:
            found[(account, dependant)] = identity.display_name(account, dependant)
        except (NotFound, KeyError, keys.Erased):
            found[(account, dependant)] = ""
    return found


def _persons(met: Iterable[Appointment]) -> set[uuid.UUID]:
    """The persons cared for in some appointments."""
    found = set()
    for account, dependant in {(r.patient_account_id, r.dependant_id) for r in met}:
        try:
            found.add(identity.cared_for(account, dependant))
        except NotFound:
            continue
    return found


def _json(archive: zipfile.ZipFile, path: str, body: Any) -> None:
    archive.writestr(path, json.dumps(body, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _consultations(
    archive: zipfile.ZipFile, rows: Iterable[Consultation], me: Professional, names: Names, made: Copy
) -> None:
    left_out: list[dict[str, Any]] = []
    taken = 0
    for row in rows:
        folder = f"consultations/{row.requested_at:%Y-%m-%d}-{row.id}"
        body: dict[str, Any] = {
            "id": row.id, "service": row.service, "form": row.form, "state": row.state,
            "patient": names[(row.patient_account_id, row.dependant_id)], "requested_at": row.requested_at,
            "accepted_at": row.accepted_at, "started_at": row.started_at, "ended_at": row.ended_at,
            "price_cents": row.agreed_cents, "currency": row.currency,
        }  # fmt: skip
        try:
            body["question"] = service.question_of(row)
            body["messages"] = [
                {"seq": m.seq, "author": m.author, "sent_at": m.sent_at, "text": m.text, "document": m.document_id}
                for m in messages.of(row)
            ]
            written = reports.versions(row.id)
        except keys.Erased:
            body["erased"] = True
            _json(archive, f"{folder}/consultation.json", body)
            continue
        body["reports"] = [
            {"version": v.version, "saved_at": v.saved_at, "coverage": v.coverage, "parts": v.parts} for v in written
        ]
        body["advice"] = _advice(row, me)
        files = documents.listed(service.KIND, row.id, viewer=me.account_id)
        body["files"] = [
            {"id": f.id, "name": f.name, "type": f.mimetype, "size": f.size, "state": f.state} for f in files
        ]
        _json(archive, f"{folder}/consultation.json", body)
        for v in written:
            text = "\n\n".join(v.parts[code] for code in reports.PARTS if v.parts.get(code))
            archive.writestr(f"{folder}/report-{v.version}.txt", text + "\n")
        for number, f in enumerate((f for f in files if f.state == "clean"), 1):
            if taken + f.size > FILES_MOST_BYTES:
                left_out.append({"consultation": row.id, "file": f.id, "name": f.name, "size": f.size})
                continue
            taken += f.size
            document: CareDocument = CareDocument.get(f.id)
            archive.writestr(f"{folder}/files/{number}-{_file_name(f.name)}", documents.content(document))
            db.session.expunge(document)
    made.left_out = len(left_out)
    if left_out:
        _json(archive, "files-left-out.json", left_out)


def _file_name(name: str | None) -> str:
    """A name that is one part of a path, on every system."""
    kept = "".join(c if c.isalnum() or c in "-_. " else "_" for c in name or "file")
    return kept.strip(". ")[:120] or "file"


def _advice(row: Consultation, me: Professional) -> list[dict[str, Any]]:
    found = []
    for request, _answered, _asked in expertise.made_by(me, row.id):
        shown = expertise.shown(request, me)
        answers = [
            {"colleague": x.professional.name, "state": x.state, "answered_at": x.answered_at, "text": x.text}
            for x in shown.answers
        ]
        found.append({"asked_at": request.asked_at, "question": shown.question, "answers": answers})
    return found


def _appointments(archive: zipfile.ZipFile, met: Iterable[Appointment], names: Names) -> None:
    lines = [
        (r.starts_at.isoformat(), r.ends_at.isoformat(), r.state, r.service, r.reason_label,
         names[(r.patient_account_id, r.dependant_id)], _note(r))
        for r in met
    ]  # fmt: skip
    _csv(archive, "appointments.csv", ("starts_at", "ends_at", "state", "service", "reason", "patient", "note"), lines)


def _note(row: Appointment) -> str:
    try:
        return scheduling.note_of(row) or ""
    except keys.Erased:
        return ""


def _patients(
    archive: zipfile.ZipFile, rows: Iterable[Consultation], met: Iterable[Appointment], names: Names
) -> set[tuple[uuid.UUID, uuid.UUID | None]]:
    """Those who were served: a consultation took place, or an appointment is over to which they came."""
    now = clock.now()
    served = {(r.patient_account_id, r.dependant_id) for r in rows if r.state in SERVED}
    served |= {(r.patient_account_id, r.dependant_id) for r in met if r.state in MET and r.ends_at <= now}
    _csv(archive, "patients.csv", ("name",), sorted((names[one],) for one in served if names[one]))
    return served


def _csv(archive: zipfile.ZipFile, path: str, heads: Iterable[str], lines: Iterable[Iterable[str]]) -> None:
    """A table that opens in a spreadsheet; what a person wrote is never taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([_cell(value) for value in line] for line in lines)
    archive.writestr(path, "\ufeff" + out.getvalue())


def _cell(value: str) -> str:
    return "'" + value if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _colleagues(archive: zipfile.ZipFile, me: Professional, start: dt.datetime, end: dt.datetime) -> None:
    found = []
    for entry in threads.of(me):
        row = threads.access_thread(entry.id, me.id)
        assert row is not None
        written = [
            {"seq": x.seq, "mine": x.mine, "sent_at": x.sent_at, "text": x.text}
            for x in threads.lines(row, me)
            if start <= x.sent_at < end
        ]
        if written:
            found.append({"colleague": entry.other.name, "messages": written})
    _json(archive, "colleagues.json", found)
    given = []
    for request, asker, _state in expertise.asked_of(me):
        if start <= request.asked_at < end:
            shown = expertise.shown(request, me)
            texts = [x.text for x in shown.answers if x.text]
            given.append(
                {"asked_by": asker.name, "asked_at": request.asked_at, "question": shown.question, "answer": texts}
            )
    _json(archive, "advice-given.json", given)

"""Tele-expertise: a professional asks colleagues for advice in order to improve a diagnosis or treatment (CB-047).

Of the patient, age and sex are shown; the name only where the patient agreed. Files are shown only where the patient
agreed, asked again at every look (CB-132), and to professionals of the portal alone (CB-122).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from werkzeug.exceptions import NotFound

from core import audit, clock
from core.care.colleagues import sharing, threads
from core.care.colleagues.models import (
    ANSWERED,
    ASKED,
    DECLINED,
    OPEN,
    Expertise,
    ExpertiseAnswer,
    ExpertiseDocument,
)
from core.care.consultations import states
from core.care.consultations.models import Consultation
from core.care.consultations.service import KIND as CONSULTATION
from core.care.consultations.service import locked
from core.care.documents import service as documents
from core.care.documents.models import CareDocument
from core.db import current_tenant_id, db, new_id
from core.directory.models import Professional
from core.identity import people as identity
from core.jobs import announce
from core.messages import _
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

KIND = "expertise"
LIMIT = 5000
LINES = 100
FROM = frozenset({states.IN_PROGRESS, states.AWAITING_REPORT, states.COMPLETED})
"""States of a consultation from which advice can be asked."""
_QUESTION = ("expertises", "sealed")
ANSWER = ("expertise_answers", "sealed")


@dataclass(frozen=True, slots=True)
class Answer:
    """One who was asked; `text` is None until there is an answer, or where it was erased."""

    professional: Professional
    state: str
    answered_at: dt.datetime | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A request for advice as one of its parties may see it.

    `question`, `age` and `sex` are None where they may not be seen (one who declined) or are erased; `name` is None
    unless the patient agreed to be named, or the viewer is the one who asked.
    """

    row: Expertise
    asker: Professional
    mine: bool
    question: str | None
    age: int | None
    sex: str | None
    name: str | None
    answers: tuple[Answer, ...]
    files: tuple[documents.Listed, ...]
    withheld: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the patient sees: who was asked for advice, when, and what became of it; `files` were shown to them."""

    professional: Professional
    asker: Professional
    asked_at: dt.datetime
    state: str
    answered_at: dt.datetime | None
    files: int


# -- asking ----------------------------------------------------------------------------------------------------------


def access_own(consultation_id: uuid.UUID, me: Professional) -> Consultation | None:
    """A consultation that this professional delivers, from which advice can be asked; None for all others."""
    row: Consultation | None = Consultation.get(consultation_id)
    return row if row is not None and row.professional_id == me.id and row.state in FROM else None


def files_of(row: Consultation, me: Professional) -> list[documents.Listed]:
    """The files of a consultation that can be shown: those found harmless."""
    return [d for d in documents.listed(CONSULTATION, row.id, viewer=me.account_id) if d.state == "clean"]


def ask(
    me: Professional,
    consultation_id: uuid.UUID,
    colleagues: Sequence[uuid.UUID],
    question: str,
    *,
    document_ids: Sequence[uuid.UUID] = (),
    client_key: str | None = None,
) -> Expertise:
    """Ask colleagues for advice on the patient of one's own consultation. The same `client_key` twice is one request.

    Raises Refused: 404 for a consultation that is not theirs, 422 for what is wrong with the form, 403 for a recipient
    or a file that the patient's authorisation does not reach; the last is written on the trail (`refused_sharing`).
    """
    row = locked(consultation_id)
    if row.professional_id != me.id or row.state not in FROM:
        raise Refused(_("There is no such consultation."), status=404)
    question = question.strip()
    problems = []
    if not question:
        problems.append(_("Please write your question."))
    if len(question) > LIMIT:
        problems.append(
            _("Your question has {found} characters; at most {limit} are possible.", found=len(question), limit=LIMIT)
        )
    wanted = sorted(set(colleagues))
    most = current_tenant().config["care"]["most_professionals"]
    if not wanted:
        problems.append(_("Please choose at least one colleague."))
    if len(wanted) > most:
        problems.append(
            _("You chose {found} colleagues; at most {most} can be asked at once.", found=len(wanted), most=most)
        )
    if problems:
        raise Refused(*problems, status=422)
    if any(threads.colleague(me, one) is None for one in wanted):
        raise _refused(row, "recipient", _("Only colleagues who are listed on this portal can be asked."))
    chosen = sorted(set(document_ids))
    if chosen and not sharing.consent_to_share(row.person_id):
        raise _refused(
            row, "no_consent", _("This patient has not agreed to files being shown to colleagues. Nothing was sent.")
        )
    if not set(chosen) <= {d.id for d in files_of(row, me)}:
        raise _refused(row, "document", _("One of these files cannot be shown. Nothing was sent."))
    return _made(me, row, wanted, question, chosen, client_key)


def _made(
    me: Professional,
    row: Consultation,
    wanted: Sequence[uuid.UUID],
    question: str,
    chosen: Sequence[uuid.UUID],
    client_key: str | None,
) -> Expertise:
    age, sex = identity.age_and_sex(row.patient_account_id, row.dependant_id)
    body = {"question": question, "age": age, "sex": sex}
    key = (client_key or "")[: threads.KEY_LENGTH] or None
    e = Expertise
    made_id = db.session.execute(
        insert(e)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            consultation_id=row.id,
            asker_id=me.id,
            person_id=row.person_id,
            state=OPEN,
            asked_at=clock.now(),
            sealed=keys.seal_json(row.person_id, *_QUESTION, body),
            client_key=key,
        )
        .on_conflict_do_nothing()
        .returning(e.id)
    ).scalar_one_or_none()
    if made_id is None:
        return db.session.execute(
            select(e).where(e.consultation_id == row.id, e.asker_id == me.id, e.client_key == key)
        ).scalar_one()
    for one in wanted:
        db.session.add(ExpertiseAnswer(expertise_id=made_id, professional_id=one, state=ASKED))
    for one in chosen:
        db.session.add(ExpertiseDocument(expertise_id=made_id, document_id=one))
    db.session.flush()
    details = {"consultation": str(row.id), "asked": [str(p) for p in wanted], "files": [str(d) for d in chosen]}
    audit.record("expertise.asked", KIND, made_id, details)
    announce("expertise_asked", {"expertise_id": str(made_id), "consultation_id": str(row.id)})
    found: Expertise = Expertise.get(made_id)
    return found


class SharingRefused(Refused):
    """Something of a patient was to be shown to somebody whom the patient's authorisation does not reach."""


def _refused(row: Consultation, why: str, message: object) -> SharingRefused:
    error = SharingRefused(message, status=403)
    error.add_note(why)
    return error


def log_refusal(me: Professional, consultation_id: uuid.UUID, error: SharingRefused) -> None:
    """Put a sharing that was refused on the trail, in a transaction of its own (CB-122)."""
    why = (getattr(error, "__notes__", None) or ["refused"])[0]
    details = {"why": why, "professional": str(me.id)}
    audit.record("expertise.sharing_refused", CONSULTATION, consultation_id, details)


# -- reading ---------------------------------------------------------------------------------------------------------


def access_expertise(expertise_id: uuid.UUID, me: Professional) -> Expertise | None:
    """A request that this professional made or was asked; None for absent and not yours alike."""
    row: Expertise | None = Expertise.get(expertise_id)
    if row is None or (row.asker_id != me.id and answer_of(row.id, me.id) is None):
        return None
    return row


def answer_of(expertise_id: uuid.UUID, professional_id: uuid.UUID) -> ExpertiseAnswer | None:
    """What one of those asked has answered; None for whoever was not asked."""
    a = ExpertiseAnswer
    return db.session.execute(
        select(a)
        .where(a.expertise_id == expertise_id, a.professional_id == professional_id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def shown(row: Expertise, me: Professional) -> Shown:
    """The request as this party may see it: the one who asked all answers, each one asked only their own."""
    mine = row.asker_id == me.id
    a = ExpertiseAnswer
    answers = list(db.session.execute(select(a).where(a.expertise_id == row.id).order_by(a.professional_id)).scalars())
    own = next((x for x in answers if x.professional_id == me.id), None)
    people = threads.professionals([row.asker_id, *(x.professional_id for x in answers)])
    # Who declined, or was asked in vain until it was closed, needs to know nothing of the patient any more.
    may_read = mine or (own is not None and (own.state == ANSWERED or (own.state == ASKED and row.state == OPEN)))
    body = _body(row) if may_read else {}
    files, withheld = _files(row, me, mine=mine, own=own)
    return Shown(
        row,
        people[row.asker_id],
        mine,
        body.get("question"),
        body.get("age"),
        body.get("sex"),
        _name(row) if may_read and (mine or sharing.consent_to_name(row.person_id)) else None,
        tuple(
            Answer(people[x.professional_id], x.state, x.answered_at, _words(row, x))
            for x in answers
            if mine or x.professional_id == me.id
        ),
        files,
        withheld,
    )


def _body(row: Expertise) -> dict[str, Any]:
    try:
        found: dict[str, Any] = keys.unseal_json(row.person_id, *_QUESTION, row.sealed)
    except keys.Erased:
        return {}
    return found


def _words(row: Expertise, answer: ExpertiseAnswer) -> str | None:
    if answer.sealed is None:
        return None
    try:
        return keys.unseal(row.person_id, *ANSWER, answer.sealed).decode()
    except keys.Erased:
        return None


def _name(row: Expertise) -> str | None:
    consultation: Consultation = Consultation.get(row.consultation_id)
    try:
        return identity.display_name(consultation.patient_account_id, consultation.dependant_id)
    except (KeyError, NotFound, keys.Erased):
        return None


def _files(
    row: Expertise, me: Professional, *, mine: bool, own: ExpertiseAnswer | None
) -> tuple[tuple[documents.Listed, ...], int]:
    """(files that this party may open now, how many are held back because the patient does not agree any more)."""
    d = ExpertiseDocument
    ids = set(db.session.execute(select(d.document_id).where(d.expertise_id == row.id)).scalars())
    if not ids or (not mine and not _reads_files(row, own)):
        return (), 0
    if not mine and not sharing.consent_to_share(row.person_id):
        return (), len(ids)
    found = documents.listed(CONSULTATION, row.consultation_id, viewer=me.account_id)
    kept = (x for x in found if x.id in ids and x.state == "clean")
    # What a file is called can tell who the patient is: colleagues see its kind alone.
    return tuple(x if mine else dataclasses.replace(x, name=None) for x in kept), 0


def _reads_files(row: Expertise, own: ExpertiseAnswer | None) -> bool:
    return own is not None and own.state != DECLINED and row.state == OPEN


def access_document(expertise_id: uuid.UUID, document_id: uuid.UUID, me: Professional) -> CareDocument:
    """A file that this professional was shown for advice; the look is on the trail, and listed to the patient.

    Raises NotFound: absent, not theirs, closed, declined, or the patient does not agree (any more).
    """
    row = access_expertise(expertise_id, me)
    if row is None or row.asker_id == me.id or not _reads_files(row, answer_of(row.id, me.id)):
        raise NotFound
    d = ExpertiseDocument
    attached = db.session.execute(select(d.id).where(d.expertise_id == row.id, d.document_id == document_id)).first()
    if attached is None or not sharing.consent_to_share(row.person_id):
        raise NotFound
    found = documents.access_document(document_id, may_read=lambda x: x.person_id == row.person_id)
    details = {"document": str(found.id), "professional": str(me.id)}
    audit.record("expertise.document_read", KIND, row.id, details)
    sharing.note_access(row.person_id, me.id, "tele_expertise")
    return found


def made_by(me: Professional, consultation_id: uuid.UUID | None = None) -> list[tuple[Expertise, int, int]]:
    """(request, how many answered, how many were asked) of the professional's own, newest first; of one consultation."""
    e, a = Expertise, ExpertiseAnswer
    wanted = [e.asker_id == me.id] + ([e.consultation_id == consultation_id] if consultation_id is not None else [])
    rows = list(db.session.execute(select(e).where(*wanted).order_by(e.asked_at.desc()).limit(LINES)).scalars())
    counts: dict[uuid.UUID, list[str]] = {}
    for expertise_id, state in db.session.execute(
        select(a.expertise_id, a.state).where(a.expertise_id.in_([r.id for r in rows]))
    ):
        counts.setdefault(expertise_id, []).append(state)
    return [(r, counts.get(r.id, []).count(ANSWERED), len(counts.get(r.id, []))) for r in rows]


def asked_of(me: Professional) -> list[tuple[Expertise, Professional, str]]:
    """(request, who asks, state of one's own answer) of what this professional was asked, open ones first."""
    e, a = Expertise, ExpertiseAnswer
    rows = db.session.execute(
        select(e, a.state)
        .join(a, (a.tenant_id == e.tenant_id) & (a.expertise_id == e.id))
        .where(a.professional_id == me.id)
        .order_by(e.state.desc(), (a.state != ASKED), e.asked_at.desc())
        .limit(LINES)
    ).all()
    people = threads.professionals(r[0].asker_id for r in rows)
    return [(r[0], people[r[0].asker_id], r[1]) for r in rows]


def asked_about(consultation_id: uuid.UUID) -> list[Asked]:
    """Of whom advice was asked on this consultation, and when: for the patient's page. No question, no answer.

    The caller has made sure that the viewer may see the consultation.
    """
    e, a, d = Expertise, ExpertiseAnswer, ExpertiseDocument
    rows = db.session.execute(
        select(e, a)
        .join(a, (a.tenant_id == e.tenant_id) & (a.expertise_id == e.id))
        .where(e.consultation_id == consultation_id)
        .order_by(e.asked_at, a.professional_id)
    ).all()
    if not rows:
        return []
    files: dict[uuid.UUID, int] = {}
    for one in db.session.execute(select(d.expertise_id).where(d.expertise_id.in_([r[0].id for r in rows]))).scalars():
        files[one] = files.get(one, 0) + 1
    people = threads.professionals([p for r in rows for p in (r[0].asker_id, r[1].professional_id)])
    return [
        Asked(
            people[x.professional_id], people[row.asker_id], row.asked_at, x.state, x.answered_at, files.get(row.id, 0)
        )
        for row, x in rows
    ]

"""Evidence of the authority over somebody whom an account acts for: asked, sent, looked at, kept (CB-075)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.identity import dependants
from core.identity import people as identity
from core.messages import Message, _
from core.notifications.service import notify
from core.privacy import files
from core.privacy.models import AuthorityRequest, PrivacyFile
from core.tenancy import keys
from core.web.frame import Refused

KIND = "authority_request"
WORDS_MOST = 2_000
STATES: dict[str, Message] = {
    "asked": _("A document is awaited"),
    "received": _("A document was sent"),
    "accepted": _("Proven"),
    "refused": _("Not proven"),
}
LINK = "/account/dependants"


@dataclass(frozen=True, slots=True)
class Shown:
    """A request with the name of the person concerned, what was asked, the answer, and the documents sent."""

    row: AuthorityRequest
    name: str
    words: str
    answer: str
    evidence: tuple[PrivacyFile, ...]


def ask(account_id: uuid.UUID, dependant_id: uuid.UUID, operator_id: str, words: str) -> AuthorityRequest:
    """The operator asks for evidence; the holder of the account is told. Raises Refused (422, 409), NotFound."""
    if not words.strip() or len(words) > WORDS_MOST:
        raise Refused(_("Please say what is needed, in 1 to {most} characters.", most=WORDS_MOST), status=422)
    person = dependants.access_dependant(account_id, dependant_id)
    a = AuthorityRequest
    waiting = select(a.id).where(a.dependant_id == dependant_id, a.state.in_(("asked", "received")))
    if db.session.execute(waiting).first() is not None:
        raise Refused(_("A document is asked for already."))
    row = AuthorityRequest(
        account_id=account_id, dependant_id=dependant_id, person_id=person.person_id, state="asked", asked_at=clock.now(),
        asked_by=operator_id, sealed=keys.seal(person.person_id, "authority_requests", "sealed", words.strip()),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record("authority.asked", KIND, row.id, {"dependant": str(dependant_id)})
    _tell(row, "authority_asked")
    return row


def _tell(row: AuthorityRequest, code: str) -> None:
    if identity.is_active(row.account_id):
        notify(
            code, account_id=row.account_id, person_id=identity.person_of(row.account_id),
            to=identity.recipient(row.account_id), link=f"/privacy/authority/{row.id}",
        )  # fmt: skip


def _locked(request_id: uuid.UUID) -> AuthorityRequest:
    row = db.session.execute(
        select(AuthorityRequest)
        .where(AuthorityRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise Refused(_("There is no such request."), status=404)
    return row


def send(row: AuthorityRequest, upload: files.Upload) -> None:
    """The holder of the account sends a document. Raises Refused (409) once it was decided."""
    row = _locked(row.id)
    if row.state not in ("asked", "received"):
        raise Refused(_("This request is closed: nothing can be added."))
    files.keep(KIND, row.id, row.person_id, "evidence", upload)
    row.state, row.received_at = "received", clock.now()
    audit.record("authority.received", KIND, row.id, {"dependant": str(row.dependant_id)})


def decide(request_id: uuid.UUID, operator_id: str, proven: bool, words: str) -> AuthorityRequest:
    """The operator says whether the authority is proven; a refusal has its reasons. Raises Refused."""
    row = _locked(request_id)
    if row.state != "received":
        raise Refused(_("No document was sent yet."))
    if not proven and not words.strip():
        raise Refused(_("Please give the reasons: the person reads them, and they are kept."), status=422)
    row.state = "accepted" if proven else "refused"
    row.decided_at, row.decided_by = clock.now(), operator_id
    row.answer = keys.seal(row.person_id, "authority_requests", "answer", words.strip()[:WORDS_MOST])
    audit.record(f"authority.{row.state}", KIND, row.id, {"dependant": str(row.dependant_id)})
    _tell(row, "authority_decided")
    return row


def of(account_id: uuid.UUID) -> list[AuthorityRequest]:
    """The account's requests, newest first."""
    a = AuthorityRequest
    query = select(a).where(a.account_id == account_id).order_by(a.asked_at.desc(), a.id)
    return list(db.session.execute(query).scalars())


def access_authority(account_id: uuid.UUID, request_id: uuid.UUID) -> AuthorityRequest | None:
    """One of the account's own; None for absent and for somebody else's alike."""
    row: AuthorityRequest | None = AuthorityRequest.get(request_id)
    return row if row is not None and row.account_id == account_id else None


def shown(row: AuthorityRequest) -> Shown:
    """A request, opened."""
    try:
        words = keys.unseal(row.person_id, "authority_requests", "sealed", row.sealed).decode()
        answer = keys.unseal(row.person_id, "authority_requests", "answer", row.answer).decode() if row.answer else ""
        name = dependants.named(row.dependant_id)
    except keys.Erased:
        words = answer = name = ""
    return Shown(row, name, words, answer, tuple(files.listed(KIND, row.id)))

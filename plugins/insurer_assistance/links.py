"""Links by e-mail for who has no password: to the report, to a prescription; each opening is noted and shown.

Of a link only the digest is kept. Unknown, run out, ended: whoever asks reads the same page, so that none tells anything.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import select, update

from core.plugin_api import Domain, Event, Message
from core.plugin_api import acts as api
from core.plugin_api.acts import Prescription
from core.plugin_api.pages import Refused
from core.plugin_api.people import has_password, notify, person_of, recipient
from core.plugin_api.tables import db, new_token, now, record, token_digest
from plugins.insurer_assistance import cases, team
from plugins.insurer_assistance.cases import KIND
from plugins.insurer_assistance.models import Case
from plugins.insurer_assistance.models_results import Link, LinkOpening

_ = Domain("insurer_assistance")
REPORT, PRESCRIPTION = "report", "prescription"
MESSAGE = "insurer_assistance_papers"

OPENED: dict[str, Message] = {
    "page": _("Page opened"),
    "report": _("Report opened as PDF"),
    "document": _("Prescription opened"),
    "proof": _("Proof with the code opened"),
}


def report_saved(event: Event) -> None:
    """A report was saved: who has no password gets their link. Told twice is told once."""
    _send(uuid.UUID(event.payload["consultation_id"]), REPORT, uuid.UUID(event.payload["report_id"]))


def prescription_issued(event: Event) -> None:
    """A prescription was issued: who has no password gets their link (IA-073)."""
    _send(uuid.UUID(event.payload["consultation_id"]), PRESCRIPTION, uuid.UUID(event.payload["prescription_id"]))


def _send(case_id: uuid.UUID, kind: str, subject_id: uuid.UUID) -> None:
    there: Case | None = Case.get(case_id)
    if there is None or has_password(there.account_id):
        return
    case = cases.locked(case_id)
    if db.session.execute(select(Link.id).where(Link.kind == kind, Link.subject_id == subject_id)).first():
        return
    if not recipient(case.account_id).email:
        record("assistance.no_address", KIND, case.id, {"kind": kind})
        return
    if kind == REPORT:  # a corrected version: the link to the one before is worth nothing from now on
        db.session.execute(
            update(Link)
            .where(Link.case_id == case.id, Link.kind == REPORT, Link.ended_at.is_(None))
            .values(ended_at=now())
        )
    row = Link(case_id=case.id, kind=kind, subject_id=subject_id)
    db.session.add(row)
    _mail(case, row)


def send_again(agent_account_id: uuid.UUID, case_id: uuid.UUID) -> int:
    """The links of a case were lost or have run out: fresh ones, for who has checked who calls. Returns how many.

    The ones before open nothing any more. Raises Refused for who is no agent at work, and where there is nothing to send.
    """
    team.demand(agent_account_id, team.AGENT)
    case = cases.locked(case_id)
    rows = db.session.execute(select(Link).where(Link.case_id == case.id, Link.ended_at.is_(None))).scalars().all()
    if not rows or has_password(case.account_id) or not recipient(case.account_id).email:
        raise Refused(
            _("There is nothing to send: this person has a password, no address, or no document yet."), status=409
        )
    for row in rows:
        _mail(case, row)
    record("assistance.links_again", KIND, case.id, {"by": str(agent_account_id)})
    return len(rows)


def _mail(case: Case, row: Link) -> None:
    """A fresh token for a link, on its way by e-mail."""
    token, to = new_token(), recipient(case.account_id)
    days = cases.settings("documents")["link_validity_days"]
    row.digest, row.created_at = token_digest(token), now()
    row.expires_at = now() + dt.timedelta(days=days)
    # The token stands in the sealed part of the message: nowhere in clear.
    notify(
        MESSAGE,
        account_id=case.account_id,
        person_id=person_of(case.account_id),
        to=to,
        params={"token": token, "days": days},
        channels=("email",),
    )
    record("assistance.link_sent", KIND, case.id, {"kind": row.kind})


def find(token: str) -> tuple[Link, Case] | None:
    """The link of a token with its case, while it is good and its person has no password; else None."""
    row = db.session.execute(
        select(Link).where(Link.digest == token_digest(token), Link.ended_at.is_(None), Link.expires_at > now())
    ).scalar_one_or_none()
    if row is None:
        return None
    case: Case | None = Case.get(row.case_id)
    if case is None or has_password(case.account_id):
        return None
    return row, case


def prescription_of(link: Link) -> Prescription | None:
    """The prescription of a link, unless it was withdrawn or is for a report."""
    if link.kind != PRESCRIPTION:
        return None
    return next((p for p in api.prescriptions_of(link.case_id) if p.id == link.subject_id), None)


def opened(link: Link, what: str) -> None:
    """Note one opening."""
    assert what in OPENED
    db.session.add(LinkOpening(link_id=link.id, at=now(), what=what))
    record("assistance.link_opened", KIND, link.case_id, {"kind": link.kind, "what": what})


def openings(link: Link) -> Sequence[LinkOpening]:
    """All openings of one link, the newest first."""
    return (
        db.session.execute(select(LinkOpening).where(LinkOpening.link_id == link.id).order_by(LinkOpening.at.desc()))
        .scalars()
        .all()
    )


def openings_of(case_id: uuid.UUID) -> Sequence[LinkOpening]:
    """All openings of a case by its links, the newest first."""
    return (
        db.session.execute(
            select(LinkOpening)
            .join(Link, (Link.tenant_id == LinkOpening.tenant_id) & (Link.id == LinkOpening.link_id))
            .where(Link.case_id == case_id)
            .order_by(LinkOpening.at.desc())
        )
        .scalars()
        .all()
    )

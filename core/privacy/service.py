"""Requests of people about their data: filed, followed step by step, answered within the month (IA-097, IA-101, CB-284).

All that writes is here. Each step stands in the request's file and on the trail, which names no person and holds no words.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock, i18n
from core.care.consultations.models import Consultation
from core.db import db, new_id
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.messages import Message, _
from core.notifications.service import Recipient, notify
from core.privacy import files, policy
from core.privacy.models import DONE, OPEN, REFUSED, PrivacyFile, RightsRequest, RightsStep
from core.promises import service as promises
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

KIND = "rights_request"
WORDS_MOST = 5_000
MOST_OPEN = 20
"""How many open requests an account can have: a technical limit."""
KINDS: dict[str, Message] = {
    "access": _("See what you hold about me"),
    "portability": _("Receive what I gave you, as a file"),
    "rectification": _("Have something corrected"),
    "erasure": _("Have something erased"),
    "restriction": _("Have my data kept, but not used"),
    "objection": _("Object to a use of my data"),
    "hosting_objection": _("Object to my data being hosted by another company"),
    "directives": _("Say what becomes of my data after my death"),
    "closure": _("Close my account"),
    "complaint": _("Complain about how my data are handled"),
}
RELEASES = ("access", "portability")
"""Kinds whose answer is a file with the person's data."""
ADDRESSEES: dict[str, Message] = {
    "dpo": _("The data-protection officer"),
    "physician": _("A professional who has treated me"),
}
CHANNELS: dict[str, Message] = {
    "portal": _("On the portal"),
    "email": _("E-mail"),
    "post": _("Post"),
    "professional": _("Passed on by a professional"),
}
STATES: dict[str, Message] = {OPEN: _("Being handled"), DONE: _("Done"), REFUSED: _("Refused")}
STEPS: dict[str, Message] = {
    "received": _("Received"),
    "details_asked": _("More details were asked for"),
    "details_given": _("Details were given"),
    "proof_asked": _("A proof of identity was asked for"),
    "proof_given": _("A proof of identity was sent"),
    "identity_validated": _("The identity is proven"),
    "forwarded": _("Passed on to the data-protection officer"),
    "released": _("The file was made"),
    "closed_account": _("The account was closed"),
    "fetched": _("The file was downloaded"),
    "done": _("Answered"),
    "refused": _("Refused"),
}
PROVEN = ("session", "validated")
SERVED = ("in_progress", "awaiting_report", "completed", "refunded")


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it is shown; `words` is None where nothing was written or it was erased."""

    at: dt.datetime
    step: str
    by_kind: str
    words: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A request with its file."""

    row: RightsRequest
    name: str
    email: str
    address: str
    words: str
    professional: str
    due_at: dt.datetime
    due_day: dt.date
    flag: str
    steps: tuple[Step, ...]
    proofs: tuple[PrivacyFile, ...]
    copy: PrivacyFile | None


# -- filing ----------------------------------------------------------------------------------------------------------


def served_by(account_id: uuid.UUID) -> list[Professional]:
    """The professionals who served the account or somebody it acts for: whom a request can be addressed to (CB-284)."""
    c = Consultation
    ids = select(c.professional_id).where(c.patient_account_id == account_id, c.state.in_(SERVED)).distinct()
    query = select(Professional).where(Professional.id.in_(ids)).order_by(Professional.name)
    return list(db.session.execute(query).scalars())


def file(
    account_id: uuid.UUID,
    kind: str,
    words: str,
    *,
    professional_id: uuid.UUID | None = None,
) -> RightsRequest:
    """A signed-in person asks: to the officer, or to a professional who served them. Raises Refused (422, 409)."""
    _check(kind, words)
    if professional_id is not None and professional_id not in {p.id for p in served_by(account_id)}:
        raise Refused(_("Please choose a professional of the list."), status=422)
    waiting = [r for r in of(account_id) if r.state == OPEN]
    if any(r.kind == kind and r.kind == "closure" for r in waiting):
        raise Refused(_("Your request to close the account is being handled already."))
    if len(waiting) >= MOST_OPEN:
        raise Refused(_("You have {most} open requests; please wait for an answer first.", most=MOST_OPEN))
    row = RightsRequest(
        account_id=account_id, person_id=identity.person_of(account_id), kind=kind, professional_id=professional_id,
        addressee="physician" if professional_id else "dpo", channel="portal", identity="session", received_at=clock.now(),
    )  # fmt: skip
    _open(row, {"words": words.strip()}, "person", str(account_id))
    if professional_id is not None:
        to: Professional = Professional.get(professional_id)
        _tell(to.account_id, "rights_for_physician", row, "/data-requests")
    return row


def enter(
    operator_id: uuid.UUID,
    *,
    kind: str,
    channel: str,
    received_at: dt.datetime,
    words: str,
    name: str,
    email: str = "",
    address: str = "",
    account_id: uuid.UUID | None = None,
) -> RightsRequest:
    """The operator enters what came by post or e-mail, with the date of its receipt (IA-063, IA-100).

    Whoever wrote is not proven to be the person: no data leave before the identity is validated. Raises Refused (422).
    """
    _check(kind, words)
    if channel not in ("email", "post"):
        raise Refused(_("Please say how the request came."), status=422)
    if received_at > clock.now():
        raise Refused(_("A request cannot have come in the future."), status=422)
    if not name.strip():
        raise Refused(_("Please give the name of the person who asks."), status=422)
    if kind == "closure" and account_id is None:
        raise Refused(_("No account has this address: please give the address of the account to close."), status=422)
    row = RightsRequest(
        account_id=account_id, person_id=identity.person_of(account_id) if account_id else new_id(), kind=kind,
        addressee="dpo", channel=channel, identity="unproven", received_at=received_at, recorded_by=str(operator_id),
    )  # fmt: skip
    body = {"words": words.strip(), "name": name.strip(), "email": email.strip(), "address": address.strip()}
    _open(row, body, "operator", str(operator_id))
    return row


def pass_on(
    professional: Professional, account_id: uuid.UUID, kind: str, words: str, received_at: dt.datetime | None = None
) -> RightsRequest:
    """A professional passes on what a patient asked them; it is handled without delay (CB-276). Raises Refused (422)."""
    _check(kind, words)
    if professional.id not in {p.id for p in served_by(account_id)}:
        raise Refused(_("Please choose a patient of the list."), status=422)
    row = RightsRequest(
        account_id=account_id, person_id=identity.person_of(account_id), kind=kind, addressee="dpo",
        professional_id=professional.id, channel="professional", identity="unproven",
        received_at=min(received_at or clock.now(), clock.now()),
    )  # fmt: skip
    _open(row, {"words": words.strip()}, "professional", str(professional.id))
    return row


def _check(kind: str, words: str) -> None:
    if kind not in KINDS:
        raise Refused(_("Please say what is asked."), status=422)
    if len(words) > WORDS_MOST:
        raise Refused(_("At most {most} characters are possible.", most=WORDS_MOST), status=422)
    if kind in ("rectification", "erasure", "objection", "complaint") and not words.strip():
        raise Refused(_("Please say in a few words what this is about."), status=422)


def _open(row: RightsRequest, body: dict[str, str], by: str, by_id: str) -> None:
    row.state, row.recorded_at = OPEN, clock.now()
    row.sealed = keys.seal_json(row.person_id, "rights_requests", "sealed", body)
    db.session.add(row)
    db.session.flush()
    promises.promise(policy.RIGHTS, KIND, row.id, policy.due_at(row.received_at), warn=policy.warning(row.received_at))
    note(row, "received", by, by_id)
    if row.account_id is not None:
        _tell(row.account_id, "rights_received", row)
    elif "@" in body.get("email", ""):
        tenant = current_tenant()
        to = Recipient(body["email"], "", tenant.language, tenant.time_zone, body.get("name", ""))
        _notify("rights_received", row.person_id, row.person_id, to, row, "/privacy", channels=("email",))


# -- steps -----------------------------------------------------------------------------------------------------------


def note(row: RightsRequest, step: str, by: str, by_id: str | None, words: str = "") -> None:
    """Add a step to a request's file, and to the trail: there without words."""
    sealed = keys.seal(row.person_id, "rights_steps", "sealed", words) if words else None
    db.session.add(RightsStep(request_id=row.id, at=clock.now(), step=step, by_kind=by, by_id=by_id, sealed=sealed))
    db.session.flush()
    details = {"kind": row.kind, "by": by, "channel": row.channel, "addressee": row.addressee}
    audit.record(f"rights.{step}", KIND, row.id, details)


def _tell(account_id: uuid.UUID, code: str, row: RightsRequest, link: str = "") -> None:
    if not identity.is_active(account_id):
        return
    to = identity.recipient(account_id)
    _notify(code, account_id, identity.person_of(account_id), to, row, link or f"/privacy/requests/{row.id}")


def _notify(
    code: str, account_id: uuid.UUID, person_id: uuid.UUID, to: Recipient, row: RightsRequest, link: str,
    channels: tuple[str, ...] | None = None,
) -> None:  # fmt: skip
    day = policy.due_day(row.received_at)
    words = {"reference": row.reference, "day": i18n.day(day, to.language)}
    notify(code, account_id=account_id, person_id=person_id, to=to, params=words, link=link, channels=channels)


def locked(request_id: uuid.UUID) -> RightsRequest:
    """The request, held until the transaction ends. Raises Refused (404) where there is none."""
    row = db.session.execute(
        select(RightsRequest)
        .where(RightsRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise Refused(_("There is no such request."), status=404)
    return row


def held_open(request_id: uuid.UUID) -> RightsRequest:
    """As `locked`, for what is to be handled. Raises Refused (409) once it is closed."""
    row = locked(request_id)
    if row.state != OPEN:
        raise Refused(_("This request is closed: nothing can be added."))
    return row


def ask(request_id: uuid.UUID, by: str, by_id: str, what: str, words: str) -> None:
    """Ask the person for `details` or for a `proof` of identity (IA-102). Raises Refused."""
    row = held_open(request_id)
    if what not in ("details", "proof"):
        raise Refused(_("Please choose one of the buttons."), status=422)
    if not words.strip() or len(words) > WORDS_MOST:
        raise Refused(_("Please say what is needed, in 1 to {most} characters.", most=WORDS_MOST), status=422)
    row.waiting = what
    if what == "proof":
        row.identity = "asked"
    note(row, f"{what}_asked", by, by_id, words.strip())
    if row.account_id is not None:
        _tell(row.account_id, "rights_asked", row)


def give(row: RightsRequest, by: str, by_id: str, words: str, proof: files.Upload | None = None) -> None:
    """The person gives what was asked for, or adds something; the operator enters it where it came by post."""
    held_open(row.id)
    if len(words) > WORDS_MOST:
        raise Refused(_("At most {most} characters are possible.", most=WORDS_MOST), status=422)
    if proof is None and not words.strip():
        raise Refused(_("Please write something or choose a file."), status=422)
    if proof is not None:
        files.keep(KIND, row.id, row.person_id, "proof", proof)
        if row.identity in ("asked", "unproven"):
            row.identity = "received"
    if row.waiting == "details" or (row.waiting == "proof" and proof is not None):
        row.waiting = None
    note(row, "proof_given" if proof is not None else "details_given", by, by_id, words.strip())


def validate_identity(request_id: uuid.UUID, operator_id: str, words: str) -> None:
    """The officer is convinced of who asks, and says why: from now on data can be released (IA-102). Raises Refused."""
    row = held_open(request_id)
    if not words.strip():
        raise Refused(_("Please say by what the identity is proven: it is kept."), status=422)
    row.identity = "validated"
    row.waiting = None if row.waiting == "proof" else row.waiting
    note(row, "identity_validated", "operator", operator_id, words.strip()[:WORDS_MOST])


def forward(request_id: uuid.UUID, professional: Professional) -> None:
    """The professional passes a request that was addressed to them on to the officer (CB-276). Raises Refused."""
    row = held_open(request_id)
    if row.addressee != "physician" or row.professional_id != professional.id:
        raise Refused(_("There is no such request."), status=404)
    row.addressee = "dpo"
    note(row, "forwarded", "professional", str(professional.id))


def close(row: RightsRequest, state: str, by: str, by_id: str, words: str) -> None:
    """End a held request with its outcome: the promise is kept, the person is told."""
    note(row, state, by, by_id, words.strip()[:WORDS_MOST])
    row.state, row.closed_at, row.waiting = state, clock.now(), None
    promises.keep(policy.RIGHTS, KIND, row.id)
    if row.account_id is not None:
        _tell(row.account_id, "rights_closed", row)


def refuse(request_id: uuid.UUID, by: str, by_id: str, reasons: str) -> None:
    """Refuse a request, with the reasons that the person reads. Raises Refused."""
    row = held_open(request_id)
    if not reasons.strip():
        raise Refused(_("Please give the reasons: the person reads them, and they are kept."), status=422)
    close(row, REFUSED, by, by_id, reasons)


# -- reading ---------------------------------------------------------------------------------------------------------


def of(account_id: uuid.UUID) -> list[RightsRequest]:
    """The account's requests, newest first."""
    r = RightsRequest
    query = select(r).where(r.account_id == account_id).order_by(r.received_at.desc(), r.id)
    return list(db.session.execute(query).scalars())


def addressed_to(professional_id: uuid.UUID) -> list[RightsRequest]:
    """Requests addressed to a professional, and those they passed on: the open ones first."""
    r = RightsRequest
    query = select(r).where(r.professional_id == professional_id).order_by(r.state != OPEN, r.received_at)
    return list(db.session.execute(query).scalars())


def access_request(account_id: uuid.UUID, request_id: uuid.UUID) -> RightsRequest | None:
    """One of the account's own; None for absent and for somebody else's alike."""
    row: RightsRequest | None = RightsRequest.get(request_id)
    return row if row is not None and row.account_id == account_id else None


def access_addressed(professional_id: uuid.UUID, request_id: uuid.UUID) -> RightsRequest | None:
    """One that was addressed to the professional; None for absent and for others' alike."""
    row: RightsRequest | None = RightsRequest.get(request_id)
    return row if row is not None and row.professional_id == professional_id else None


def flag_of(row: RightsRequest, due: dt.datetime, now: dt.datetime) -> str:
    """`late` after the last day, `near` from the warning on, else empty; a closed request has none."""
    if row.state != OPEN:
        return ""
    if due <= now:
        return "late"
    return "near" if due - policy.warning(row.received_at) <= now else ""


def shown(row: RightsRequest) -> Shown:
    """A request with its file, opened. After an erasure the words are gone, the steps stay."""
    try:
        body = keys.unseal_json(row.person_id, "rights_requests", "sealed", row.sealed)
    except keys.Erased:
        body = {}
    s = RightsStep
    steps = db.session.execute(select(s).where(s.request_id == row.id).order_by(s.seq)).scalars()
    name = body.get("name") or (identity.names([row.account_id]).get(row.account_id, "") if row.account_id else "")
    found = files.listed(KIND, row.id)
    due = policy.due_at(row.received_at)
    who: Professional | None = directory.access_professional(row.professional_id) if row.professional_id else None
    return Shown(
        row, name, body.get("email", ""), body.get("address", ""), body.get("words", ""),
        f"{who.title} {who.name}".strip() if who else "", due, policy.due_day(row.received_at),
        flag_of(row, due, clock.now()), tuple(_opened(row, x) for x in steps),
        tuple(f for f in found if f.kind == "proof"), next((f for f in found if f.kind == "export"), None),
    )  # fmt: skip


def _opened(row: RightsRequest, step: RightsStep) -> Step:
    words = None
    if step.sealed is not None:
        try:
            words = keys.unseal(row.person_id, "rights_steps", "sealed", step.sealed).decode()
        except keys.Erased:
            pass
    return Step(step.at, step.step, step.by_kind, words)

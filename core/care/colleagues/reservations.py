"""Reservations of professionals on how the platform works: within some days of the account's creation (CB-065, CB-066)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.care.colleagues.models import ANSWERED as REPLIED
from core.care.colleagues.models import ENDED, FILED, MAINTAINED, SETTLED, TERMINATION, Reservation
from core.db import current_tenant_id, db, new_id
from core.identity import moderation
from core.identity import people as identity
from core.messages import Message, _
from core.notifications.service import notify
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

LIMIT = 5000
MOST = 20
"""How many reservations an account can have: a technical limit, not one of the contract."""
KEY_LENGTH = 64
KIND = "reservation"
WORDS: dict[str, Message] = {
    FILED: _("Waiting for an answer"),
    REPLIED: _("Answered"),
    SETTLED: _("Settled"),
    MAINTAINED: _("Maintained"),
    TERMINATION: _("Closing asked for"),
    ENDED: _("Account closed"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """Until when reservations can be expressed: `last_day` included; from `accepted_from` on the platform is deemed accepted."""

    days: int
    last_day: dt.date
    accepted_from: dt.datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A reservation in clear; texts are None where they were erased."""

    row: Reservation
    words: str | None
    answer: str | None


def window(account_id: uuid.UUID) -> Window:
    """The account's time for reservations: the days of the portal's calendar after that of its creation."""
    tenant = current_tenant()
    zone = ZoneInfo(tenant.time_zone)
    days = tenant.config["care"]["reservation_days"]
    last = identity.opened_at(account_id).astimezone(zone).date() + dt.timedelta(days=days)
    midnight = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
    return Window(days, last, midnight, clock.now() < midnight)


def express(account_id: uuid.UUID, words: str, *, client_key: str | None = None) -> uuid.UUID:
    """Express a reservation. The same `client_key` twice is one. Raises Refused: 409 too late, 422 for the words (CB-065)."""
    time = window(account_id)
    if not time.open:
        raise Refused(
            _("The time for reservations is over: it ended {days} days after your account was made.", days=time.days),
            status=409,
        )
    words = words.strip()
    if not words:
        raise Refused(_("Please write your reservation."), status=422)
    if len(words) > LIMIT:
        raise Refused(
            _("Your text has {found} characters; at most {limit} are possible.", found=len(words), limit=LIMIT),
            status=422,
        )
    r = Reservation
    if db.session.execute(select(func.count()).where(r.account_id == account_id)).scalar_one() >= MOST:
        raise Refused(_("You have expressed {most} reservations; more are not possible.", most=MOST), status=409)
    person_id = identity.person_of(account_id)
    key = (client_key or "")[:KEY_LENGTH] or None
    made = db.session.execute(
        insert(r)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            account_id=account_id,
            person_id=person_id,
            state=FILED,
            filed_at=clock.now(),
            sealed=keys.seal(person_id, "reservations", "sealed", words),
            client_key=key,
        )
        .on_conflict_do_nothing()
        .returning(r.id)
    ).scalar_one_or_none()
    if made is None:
        return db.session.execute(select(r.id).where(r.account_id == account_id, r.client_key == key)).scalar_one()
    audit.record("reservation.filed", KIND, made)
    return made


def of(account_id: uuid.UUID) -> list[Written]:
    """The account's reservations, newest first."""
    r = Reservation
    rows = db.session.execute(select(r).where(r.account_id == account_id).order_by(r.filed_at.desc())).scalars()
    return [opened(row) for row in rows]


def everybody() -> list[Reservation]:
    """All reservations of the portal, those that wait for an answer first; nothing that a person wrote."""
    r = Reservation
    order = (r.state != FILED, r.state != TERMINATION, r.filed_at)
    return list(db.session.execute(select(r).order_by(*order)).scalars())


def opened(row: Reservation) -> Written:
    """A reservation in clear."""
    try:
        words = keys.unseal(row.person_id, "reservations", "sealed", row.sealed).decode()
        answer = keys.unseal(row.person_id, "reservations", "answer", row.answer).decode() if row.answer else None
    except keys.Erased:
        return Written(row, None, None)
    return Written(row, words, answer)


def _held(reservation_id: uuid.UUID, account_id: uuid.UUID | None = None) -> Reservation:
    row = db.session.execute(
        select(Reservation)
        .where(Reservation.id == reservation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None or (account_id is not None and row.account_id != account_id):
        raise Refused(_("There is no such reservation."), status=404)
    return row


def _turn(row: Reservation, allowed: str, target: str) -> None:
    if row.state != allowed:
        raise Refused(_("This is not possible any more: the reservation stands at “{state}”.", state=WORDS[row.state]))
    row.state = target
    db.session.flush()
    audit.record(f"reservation.{target}", KIND, row.id, {"from": allowed})


def reply(reservation_id: uuid.UUID, operator_id: str, words: str) -> None:
    """The operator answers, by e-mail (CB-066). Raises Refused."""
    row = _held(reservation_id)
    words = words.strip()
    if not words or len(words) > LIMIT:
        raise Refused(_("An answer of 1 to {limit} characters is wanted.", limit=LIMIT), status=422)
    row.answer = keys.seal(row.person_id, "reservations", "answer", words)
    row.answered_at, row.answered_by = clock.now(), operator_id
    _turn(row, FILED, REPLIED)
    notify(
        "reservation_answered",
        account_id=row.account_id,
        person_id=row.person_id,
        to=identity.recipient(row.account_id),
        params={"answer": words},
        link="/reservations",
    )


TURNS = {
    "settle": (REPLIED, SETTLED, "settled_at"),
    "maintain": (REPLIED, MAINTAINED, "maintained_at"),
    "terminate": (MAINTAINED, TERMINATION, "termination_at"),
}
"""What a professional can do: from which state, to which, and which date is kept."""


def turn(account_id: uuid.UUID, reservation_id: uuid.UUID, act: str) -> None:
    """One of `TURNS`: the answer settles the matter; the reservation is maintained; the account is to be closed (CB-066).

    Raises Refused: 404 for what is not theirs, 422 for no such act, 409 where it is not possible any more.
    """
    row = _held(reservation_id, account_id)
    if act not in TURNS:
        raise Refused(_("Please choose one of the buttons."), status=422)
    allowed, target, date = TURNS[act]
    setattr(row, date, clock.now())
    _turn(row, allowed, target)


def terminate(reservation_id: uuid.UUID) -> None:
    """The operator closes the account as its holder has asked; it cannot be undone. Raises Refused."""
    row = _held(reservation_id)
    row.ended_at = clock.now()
    _turn(row, TERMINATION, ENDED)
    moderation.close(row.account_id)

"""Sessions on the server: opened with a new token at each sign-in, read with the account in one query, ended at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from flask import g, request
from sqlalchemy import delete, select, update
from werkzeug.wrappers import Response

from core import audit, clock, crypto
from core.db import current_tenant_id, db
from core.identity.models import Account, AuthSession
from core.identity.parties import effective
from core.identity.policy import policy
from core.notifications import service as notifications
from core.tenancy import keys
from core.web.cookies import cookie_name, give, take

COOKIE = "portico_session"
SEEN_EVERY = dt.timedelta(seconds=60)
FRESH = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class AccountView:
    """The signed-in person as pages see them; `professional_state` is None for other roles.

    `party` is the party of an account of the role `partner`, `rights` what that account may do (see parties.py).
    """

    id: uuid.UUID
    person_id: uuid.UUID
    role: str
    display_name: str
    language: str
    time_zone: str | None
    country: str | None
    state: str
    must_change_password: bool
    limited_services: frozenset[str]
    professional_state: str | None
    session_id: uuid.UUID
    strong_at: dt.datetime
    terms_stamp: str | None
    factors: str = ""
    party: str | None = None
    rights: frozenset[str] = frozenset()

    @property
    def two_factors(self) -> bool:
        """Whether the session was opened with two factors, as all are by sign-in; what is not known to be is not (CB-074)."""
        return is_two_factors(self.factors)

    @property
    def unread(self) -> int:
        """How many notifications are unread; asked when a page shows it."""
        return notifications.unread(self.id)

    @property
    def fresh(self) -> bool:
        """Whether the person proved who they are a short while ago: asked for what is hard to undo."""
        return clock.now() - self.strong_at <= FRESH

    def may_use(self, service: str) -> bool:
        """Whether this service is open to the account; the operator can limit some of them (CB-078)."""
        return service not in self.limited_services


def is_two_factors(factors: str) -> bool:
    """Whether a session's way in is two factors: a passkey, an identity provider at such a level, or a code beside the first."""
    return factors == "passkey" or factors.startswith("provider:") or factors.endswith(("+code", "+totp"))


def current_account() -> AccountView | None:
    """The account of the present request, None where nobody is signed in."""
    found: AccountView | None = g.get("account")
    return found


def device_of(agent: str) -> str:
    """A few words for a browser, so that people recognise their devices; not the whole header."""
    system = next((s for s in ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux") if s in agent), "")
    program = next(
        (
            p
            for key, p in (("Firefox", "Firefox"), ("Edg/", "Edge"), ("Chrome", "Chrome"), ("Safari", "Safari"))
            if key in agent
        ),
        "",
    )
    return " · ".join(x for x in (program, system.replace("Macintosh", "macOS")) if x)


def open_session(account: Account, factors: str, agent: str = "") -> str:
    """Sign a device in; returns the new token for the cookie. `factors` says how: "password+code", "passkey", …"""
    rule = policy()["session"]
    token, now = crypto.new_token(), clock.now()
    row = AuthSession(
        account_id=account.id,
        digest=crypto.token_digest(token),
        factors=factors,
        device=device_of(agent),
        created_at=now,
        strong_at=now,
        seen_at=now,
        expires_at=now + dt.timedelta(hours=rule["lifetime_hours"]),
    )
    db.session.add(row)
    db.session.flush()
    with audit.acting_as(audit.Actor("account", str(account.id))):
        audit.record("session.opened", "account", account.id, {"factors": factors, "session": str(row.id)})
    return token


class _States(Protocol):
    """What says whether an account may sign in."""

    @property
    def state(self) -> str: ...

    @property
    def state_until(self) -> dt.datetime | None: ...


def usable(account: _States) -> bool:
    """Whether an account may sign in now; a suspension for a time ends by itself."""
    if account.state == "suspended" and account.state_until is not None:
        return account.state_until <= clock.now()
    return account.state == "active"


# In the driver's own words: every page of a signed-in person asks this, and the mapper would cost more than the answer.
# The keys come along, so that unsealing asks no more; row security says which tenant's.
_LOAD = """
SELECT a.id, a.person_id, a.role, a.sealed, a.language, a.time_zone, a.country, a.state, a.state_until,
       a.must_change_password, a.limited_services, a.party, a.party_rights, p.state AS professional_state, s.id AS session_id, s.seen_at,
       s.strong_at, s.terms_stamp, s.factors, k.sealed AS person_sealed, t.sealed AS tenant_sealed
FROM auth_sessions s
JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
LEFT JOIN professional_profiles p ON p.tenant_id = a.tenant_id AND p.id = a.id
LEFT JOIN person_keys k ON k.tenant_id = a.tenant_id AND k.person_id = a.person_id
LEFT JOIN tenant_keys t ON t.tenant_id = a.tenant_id
WHERE s.tenant_id = %s AND s.digest = %s AND s.expires_at > %s
"""


def load(token: str) -> AccountView | None:
    """The account of a session that is alive: one query for session, account and keys."""
    now = clock.now()
    asked = (current_tenant_id(), crypto.token_digest(token), now)
    row = db.session.connection().exec_driver_sql(_LOAD, asked).one_or_none()
    if row is None:
        return None
    inactive = dt.timedelta(minutes=policy()["session"]["inactivity_minutes"])
    if now - row.seen_at > inactive or not usable(row):
        db.session.execute(delete(AuthSession).where(AuthSession.id == row.session_id))
        db.session.commit()
        return None
    try:
        keys.learn(row.tenant_sealed, row.person_id, row.person_sealed)
        who = keys.unseal_json(row.person_id, "accounts", "sealed", row.sealed)
    except keys.Erased:
        return None
    view = AccountView(
        id=row.id,
        person_id=row.person_id,
        role=row.role,
        display_name=f"{who['first_name']} {who['last_name']}".strip(),
        language=row.language,
        time_zone=row.time_zone,
        country=row.country,
        state=row.state,
        must_change_password=row.must_change_password,
        limited_services=frozenset(row.limited_services),
        professional_state=row.professional_state,
        session_id=row.session_id,
        strong_at=row.strong_at.astimezone(dt.UTC),
        terms_stamp=row.terms_stamp,
        factors=row.factors,
        party=row.party,
        rights=effective(row.party, row.party_rights) if row.party else frozenset(),
    )
    if now - row.seen_at > SEEN_EVERY:
        db.session.execute(update(AuthSession).where(AuthSession.id == row.session_id).values(seen_at=now))
        db.session.commit()
    return view


def open_request() -> None:
    """Find who asks, before any view runs: account, language, zone, and the actor of the audit trail."""
    g.account = None
    token = request.cookies.get(cookie_name(COOKIE))
    if not token or request.endpoint in (None, "static", "bootstrap.static", "web.stylesheet", "web.drawing"):
        return
    view = load(token)
    if view is None:
        return
    g.account = view
    g.account_language = view.language
    g.account_zone = view.time_zone
    audit.service.set_actor(actor_of(view))


def actor_of(view: AccountView) -> audit.Actor:
    """The account as the trail names it: with its session and how that was opened (IA-061)."""
    kind = "operator" if view.role == "operator" else "account"
    return audit.Actor(kind, str(view.id), str(view.session_id), view.factors)


def set_cookie(response: Response, token: str) -> Response:
    """Give the session's token to the browser: this host only, never readable by scripts."""
    give(response, COOKIE, token)
    return response


def clear_cookie(response: Response) -> Response:
    """Take the token away again."""
    take(response, COOKIE)
    return response


def listed(account_id: uuid.UUID) -> list[AuthSession]:
    """The account's open sessions, latest first."""
    query = select(AuthSession).where(AuthSession.account_id == account_id, AuthSession.expires_at > clock.now())
    return list(db.session.execute(query.order_by(AuthSession.seen_at.desc())).scalars())


def alive(session_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these sessions of the present portal that are still open (the live channel asks)."""
    query = select(AuthSession.id).where(
        AuthSession.tenant_id == current_tenant_id(),
        AuthSession.id.in_(list(session_ids)),
        AuthSession.expires_at > clock.now(),
    )
    return set(db.session.execute(query).scalars())


def end(account_id: uuid.UUID, session_id: uuid.UUID) -> bool:
    """End one of the account's sessions; True when there was one."""
    gone = db.session.execute(
        delete(AuthSession)
        .where(AuthSession.account_id == account_id, AuthSession.id == session_id)
        .returning(AuthSession.id)
    ).scalar_one_or_none()
    if gone is not None:
        audit.record("session.ended", "account", account_id, {"session": str(session_id)})
    return gone is not None


def end_all(account_id: uuid.UUID, *, keep: uuid.UUID | None = None) -> int:
    """Sign the account out everywhere (but for the session `keep`); returns how many sessions ended."""
    query = delete(AuthSession).where(AuthSession.account_id == account_id)
    if keep is not None:
        query = query.where(AuthSession.id != keep)
    gone = list(db.session.execute(query.returning(AuthSession.id)).scalars())
    audit.record("session.ended_all", "account", account_id, {"count": len(gone)})
    return len(gone)


def mark_fresh(session_id: uuid.UUID) -> None:
    """The person proved again who they are."""
    db.session.execute(
        update(AuthSession)
        .where(AuthSession.tenant_id == current_tenant_id(), AuthSession.id == session_id)
        .values(strong_at=clock.now())
    )


def forget_terms(account_id: uuid.UUID) -> None:
    """Ask anew, in every session of the account, whether it accepted what binds: it took something back."""
    db.session.execute(update(AuthSession).where(AuthSession.account_id == account_id).values(terms_stamp=None))


def mark_terms(session_id: uuid.UUID, stamp: str) -> None:
    """Remember that nothing was missing under this stamp (revision and day): the next page need not ask again."""
    db.session.execute(update(AuthSession).where(AuthSession.id == session_id).values(terms_stamp=stamp))

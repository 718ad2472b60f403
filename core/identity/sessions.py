"""Sessions on the server: opened with a new token at each sign-in, read with the account in one query, ended at once."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from flask import current_app, g, request
from sqlalchemy import bindparam, delete, select, update
from werkzeug.wrappers import Response

from core import audit, clock, crypto
from core.db import current_tenant_id, db
from core.identity.models import Account, AuthSession, ProfessionalProfile
from core.identity.policy import policy
from core.notifications import service as notifications
from core.tenancy import keys
from core.tenancy.models import PersonKey, TenantKey
from core.web.csrf import cookie_name

COOKIE = "portico_session"
SEEN_EVERY = dt.timedelta(seconds=60)
FRESH = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class AccountView:
    """The signed-in person as pages see them; `professional_state` is None for other roles."""

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


def usable(account: Account) -> bool:
    """Whether an account may sign in now; a suspension for a time ends by itself."""
    if account.state == "suspended" and account.state_until is not None:
        return account.state_until <= clock.now()
    return account.state == "active"


# Made once: building a query costs more than running this one. The keys come along, so that unsealing asks no more.
_LOAD = (
    select(
        Account,
        AuthSession.id.label("session_id"),
        AuthSession.seen_at,
        AuthSession.strong_at,
        AuthSession.terms_stamp,
        ProfessionalProfile.state.label("professional_state"),
        PersonKey.sealed.label("person_sealed"),
        TenantKey.sealed.label("tenant_sealed"),
    )
    .join(AuthSession, (Account.tenant_id == AuthSession.tenant_id) & (Account.id == AuthSession.account_id))
    .outerjoin(
        ProfessionalProfile,
        (ProfessionalProfile.tenant_id == Account.tenant_id) & (ProfessionalProfile.id == Account.id),
    )
    .outerjoin(PersonKey, (PersonKey.tenant_id == Account.tenant_id) & (PersonKey.person_id == Account.person_id))
    .outerjoin(TenantKey, TenantKey.tenant_id == Account.tenant_id)
    .where(AuthSession.digest == bindparam("digest"), AuthSession.expires_at > bindparam("now"))
)


def load(token: str) -> AccountView | None:
    """The account of a session that is alive: one query for session, account and keys."""
    now = clock.now()
    rule = policy()["session"]
    digest = crypto.token_digest(token)
    row = db.session.execute(_LOAD, {"digest": digest, "now": now}).one_or_none()
    if row is None:
        return None
    account = row.Account
    if now - row.seen_at > dt.timedelta(minutes=rule["inactivity_minutes"]) or not usable(account):
        db.session.execute(delete(AuthSession).where(AuthSession.id == row.session_id))
        db.session.commit()
        return None
    try:
        keys.learn(row.tenant_sealed, account.person_id, row.person_sealed)
        who = keys.unseal_json(account.person_id, "accounts", "sealed", account.sealed)
    except keys.Erased:
        return None
    view = AccountView(
        id=account.id,
        person_id=account.person_id,
        role=account.role,
        display_name=f"{who['first_name']} {who['last_name']}".strip(),
        language=account.language,
        time_zone=account.time_zone,
        country=account.country,
        state=account.state,
        must_change_password=account.must_change_password,
        limited_services=frozenset(account.limited_services),
        professional_state=row.professional_state,
        session_id=row.session_id,
        strong_at=row.strong_at,
        terms_stamp=row.terms_stamp,
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
    audit.service.set_actor(audit.Actor("operator" if view.role == "operator" else "account", str(view.id)))


def set_cookie(response: Response, token: str) -> Response:
    """Give the session's token to the browser: this host only, never readable by scripts."""
    response.set_cookie(
        cookie_name(COOKIE),
        token,
        httponly=True,
        samesite="Lax",
        secure=current_app.extensions["portico"].settings.secure_cookies,
        path="/",
    )
    return response


def clear_cookie(response: Response) -> Response:
    """Take the token away again."""
    response.delete_cookie(
        cookie_name(COOKIE),
        path="/",
        secure=current_app.extensions["portico"].settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def listed(account_id: uuid.UUID) -> list[AuthSession]:
    """The account's open sessions, latest first."""
    query = select(AuthSession).where(AuthSession.account_id == account_id, AuthSession.expires_at > clock.now())
    return list(db.session.execute(query.order_by(AuthSession.seen_at.desc())).scalars())


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


def mark_terms(session_id: uuid.UUID, stamp: str) -> None:
    """Remember that nothing was missing under this stamp (revision and day): the next page need not ask again."""
    db.session.execute(update(AuthSession).where(AuthSession.id == session_id).values(terms_stamp=stamp))

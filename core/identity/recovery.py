"""Forgotten, lost, stolen or breached credentials: reset, opposition, provisional credentials, notice of a breach."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable

from sqlalchemy import delete, select

from core import audit, clock
from core.db import db
from core.identity import accounts, parties, party_accounts, passwords, sessions, throttle, tokens
from core.identity.models import Account, Challenge, Passkey, SecurityReport
from core.identity.policy import own_words, parameters, password_problems, policy
from core.identity.sign_in import confirm_password
from core.jobs import periodic
from core.messages import Message, _
from core.notifications.models import NotificationDelivery
from core.notifications.service import notify
from core.promises import service as promises
from core.promises.models import Promise
from core.tenancy import keys

BREACH = "breach_notice"
BREACH_WATCH_SECONDS = 60


def confirmation_link(account: Account) -> None:
    """Send the link that opens the account (CB-087); who was invited by the operator gets the invitation again."""
    if account.role == parties.ROLE:
        party_accounts.send_invitation(account)
        return
    hours = policy()["confirmation_validity_hours"]
    token = tokens.issue(account.id, "confirm", dt.timedelta(hours=hours))
    notify(
        "account_confirm",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={"hours": hours},
        link=f"/confirm/{token}",
    )


def forgot(email: str, ip: str) -> int:
    """Send what this address needs: a reset link, provisional credentials after an opposition, or a new confirmation
    link. Nothing at all for an unknown address, and nobody can see which it was.

    Returns the seconds to wait when too many were asked for, else 0.
    """
    address = email.strip().lower()
    wait = throttle.take("forgot-ip", ip, factor=throttle.IP_FACTOR) or throttle.take("forgot", address)
    if wait:
        return wait
    account = accounts.by_email(address)
    if account is None or account.state == "closed":
        return 0
    if account.state == "pending_confirmation":
        confirmation_link(account)
    elif account.opposed_at is not None:
        issue_provisional(account)
    elif sessions.usable(account):
        minutes = policy()["reset_validity_minutes"]
        token = tokens.issue(account.id, "reset", dt.timedelta(minutes=minutes))
        notify(
            "password_reset",
            account_id=account.id,
            person_id=account.person_id,
            to=accounts.recipient(account),
            params={"minutes": minutes},
            link=f"/password/reset/{token}",
        )
        audit.record("password.reset_asked", "account", account.id)
    return 0


def reset(token: str, password: str) -> list[Message] | None:
    """Set a new password by a reset link. Returns what is wrong with it, None when done.

    Raises LookupError for a link that is unknown, used or ran out. Every session ends; two factors are asked as ever.
    """
    row = tokens.look(token, "reset")
    if row is None:
        raise LookupError("this link is not good")
    account = accounts.by_id(row.account_id)
    problems = _problems(account, password)
    if problems:
        return problems
    hashed = passwords.hash_password(password)
    if tokens.use(token, "reset") is None:
        raise LookupError("this link is not good")
    _set_password(account, hashed)
    sessions.end_all(account.id)
    return None


def change(account_id: uuid.UUID, old: str, new: str, *, keep: uuid.UUID | None, ip: str) -> dict[str, list[Message]]:
    """Change one's password; other sessions end. Returns problems by field (`old`, `new`), empty when done."""
    wrong = confirm_password(account_id, old, ip)
    if wrong is not None:
        return {"old": [wrong]}
    account = accounts.by_id(account_id)
    problems = _problems(account, new)
    if old == new:
        problems.append(_("This is the password that you have now. Please choose another one."))
    if problems:
        return {"new": problems}
    _set_password(account, passwords.hash_password(new))
    sessions.end_all(account.id, keep=keep)
    return {}


def _problems(account: Account, password: str) -> list[Message]:
    who = accounts.person(account)
    return password_problems(password, own_words(who.first_name, who.last_name, who.email))


def _set_password(account: Account, hashed: str) -> None:
    account.password_hash = hashed
    account.must_change_password = False
    account.opposed_at = None
    tokens.revoke(account.id, "reset")
    audit.record("password.changed", "account", account.id)
    notify(
        "password_changed",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        link="/account/security",
    )


def oppose(email: str, words: str, ip: str) -> int:
    """A report of loss, theft or misuse, by somebody who is not signed in (CB-118). It takes effect at once.

    Credentials stop working, sessions end; the person is told by e-mail how to get new ones. An unknown address does
    and shows the same as nothing. Returns the seconds to wait when too many were made, else 0.
    """
    address = email.strip().lower()
    wait = throttle.take("report-ip", ip) or throttle.take("report", address)
    if wait:
        return wait
    account = accounts.by_email(address)
    if account is None or account.state in ("closed", "pending_confirmation"):
        return 0
    keep_report(account, "misuse", words)
    disable(account)
    return 0


def disable(account: Account) -> None:
    """Make every credential of an account worthless and end its sessions."""
    account.password_hash = None
    account.opposed_at = clock.now()
    account.totp_sealed = account.totp_confirmed_at = account.totp_last_step = None
    db.session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    db.session.execute(delete(Challenge).where(Challenge.account_id == account.id))
    tokens.revoke(account.id)
    sessions.end_all(account.id)
    audit.record("account.opposed", "account", account.id)
    notify(
        "account_opposed",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        link="/password/forgot",
    )


def issue_provisional(account: Account) -> None:
    """Send provisional credentials; the password must be changed at the next sign-in (CB-119)."""
    provisional = "-".join(secrets.token_hex(2) for _group in range(5))
    account.password_hash = passwords.hash_password(provisional)
    account.must_change_password = True
    audit.record("account.provisional_credentials", "account", account.id)
    notify(
        "provisional_credentials",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={"password": provisional},
        link="/sign-in",
    )


def keep_report(account: Account, kind: str, words: str) -> SecurityReport:
    """Keep what was reported (kinds misuse and anomaly), sealed with the person's key (CB-269)."""
    row = SecurityReport(
        account_id=account.id,
        kind=kind,
        sealed=keys.seal(account.person_id, "security_reports", "sealed", words[:4000]),
        at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    audit.record("security.reported", "account", account.id, {"kind": kind, "report": str(row.id)})
    return row


def register_breach(account_ids: Iterable[uuid.UUID], found_at: dt.datetime) -> int:
    """A breach of credentials was found: tell each person in time, force a new password, end sessions (CB-120).

    Each notice is a promise due within the hours of the law, kept once it was sent; one that is late raises an alert.
    Returns how many accounts are concerned.
    """
    hours = parameters().at("breach_notice_hours", found_at.date()).value
    warning = parameters().at("breach_warning_hours", found_at.date()).value
    count = 0
    for account_id in account_ids:
        account = accounts.by_id(account_id, lock=True)
        if account.state == "closed":
            continue
        account.must_change_password = True
        sessions.end_all(account.id)
        notice = notify(
            BREACH,
            account_id=account.id,
            person_id=account.person_id,
            to=accounts.recipient(account),
            link="/sign-in",
        )
        due = found_at + dt.timedelta(hours=hours)
        promises.promise(BREACH, "notification", notice.id, due, warn=dt.timedelta(hours=warning))
        audit.record(
            "breach.registered", "account", account.id, {"found_at": found_at.isoformat(), "due_at": due.isoformat()}
        )
        count += 1
    return count


@periodic.job("identity.breach_notices", BREACH_WATCH_SECONDS)
def watch_breach_notices() -> None:
    """Settle the promise of each notice of a breach that was sent."""
    rows = db.session.execute(
        select(Promise.subject_id)
        .join(
            NotificationDelivery,
            (NotificationDelivery.tenant_id == Promise.tenant_id)
            & (NotificationDelivery.notification_id == Promise.subject_id),
        )
        .where(Promise.kind == BREACH, Promise.state.in_(("open", "missed")), Promise.settled_at.is_(None))
        .where(NotificationDelivery.state == "sent")
        .distinct()
    ).scalars()
    for notification_id in list(rows):
        promises.keep(BREACH, "notification", notification_id)

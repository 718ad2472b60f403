"""Signing in: password, then always a second factor (CB-116). The same words and the same time for unknown addresses."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select

from core import audit, clock, crypto
from core.db import db
from core.identity import accounts, passwords, throttle, totp
from core.identity.models import Account, Challenge
from core.identity.policy import PASSWORD_MAX, policy
from core.identity.provider_sessions import Carried, attach, carried_by, carry
from core.identity.sessions import open_session, usable
from core.messages import Message, _
from core.notifications.service import notify
from core.tenancy import keys

# How long a person has between the password and the end of the second step.
CHALLENGE_LIFE = dt.timedelta(minutes=30)
CODES_FACTOR = 2
WRONG = _("The e-mail address or the password is not right. Please check both and try again.")
GONE = _("This sign-in took too long or was used already. Please start again.")


@dataclass(frozen=True, slots=True)
class FirstStep:
    """The outcome of the password step: a token for the second step, or why there is none."""

    token: str | None = None
    error: Message | None = None
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The outcome of the second step. `restart` means that the password is needed again."""

    session_token: str | None = None
    account: Account | None = None
    next_path: str = "/"
    error: Message | None = None
    restart: bool = False


def wait_message(seconds: int) -> Message:
    """What a person reads while a delay runs."""
    if seconds > 90:
        return _("Too many tries. Please wait {count} minutes, or choose a new password.", count=-(-seconds // 60))
    return _("Too many tries. Please wait {count} seconds, or choose a new password.", count=seconds)


def first_step(email: str, password: str, ip: str, next_path: str = "/") -> FirstStep:
    """Check the password. Every try is counted before it is made, for the address and for the network address."""
    address = email.strip().lower()
    wait = throttle.take("ip", ip, factor=throttle.IP_FACTOR) or throttle.take("account", address)
    if wait:
        return FirstStep(error=wait_message(wait), wait_seconds=wait)
    account = accounts.by_email(address)
    hashed = account.password_hash if account is not None else None
    passwords.release_connection()
    fits = passwords.verify(hashed, password[:PASSWORD_MAX])
    if account is None or not fits or account.state == "closed":
        if account is not None:
            with audit.acting_as(audit.Actor("visitor")):
                audit.record("sign_in.wrong_password", "account", account.id)
        return FirstStep(error=WRONG)
    throttle.forget("account", address)
    if not usable(account):
        return FirstStep(error=why_closed(account))
    # Who knows the password could send codes without end, or guess them a few at a time: signing in is counted too.
    wait = throttle.take("codes", str(account.id), factor=CODES_FACTOR)
    if wait:
        return FirstStep(error=wait_message(wait), wait_seconds=wait)
    if hashed is not None and passwords.outdated(hashed):
        account.password_hash = passwords.hash_password(password)
    return FirstStep(token=begin(account, next_path))


def why_closed(account: Account) -> Message:
    """What a person reads whose account cannot be opened now."""
    if account.state == "pending_confirmation":
        return _("Please open the confirmation link that we sent you by e-mail. You can ask for a new one below.")
    if account.state_until is not None:
        return _(
            "Access to this account is suspended until {until}. Please write to our support.", until=account.state_until
        )
    return _("Access to this account is closed. Please write to our support.")


def begin(account: Account, next_path: str, carried: Carried | None = None) -> str:
    """Begin the second step; returns the token for the cookie. `carried` is what a provider's first step hands on."""
    token = crypto.new_token()
    now = clock.now()
    challenge = Challenge(
        purpose="second_factor",
        account_id=account.id,
        digest=crypto.token_digest(token),
        next_path=next_path,
        created_at=now,
        expires_at=now + CHALLENGE_LIFE,
    )
    if carried is not None:
        carry(token, challenge, carried)
    db.session.add(challenge)
    db.session.flush()
    if not account.totp_confirmed_at:
        _send(challenge, account)
    return token


def _send(challenge: Challenge, account: Account) -> None:
    rule = policy()["second_factor"]
    code = "".join(secrets.choice("0123456789") for _digit in range(rule["code_length"]))
    now = clock.now()
    challenge.code_digest = _code_digest(challenge.id, code)
    challenge.code_expires_at = now + dt.timedelta(minutes=rule["validity_minutes"])
    challenge.sent_at = now
    challenge.sends += 1
    notify(
        "sign_in_code",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={"code": code, "minutes": rule["validity_minutes"]},
        channels=tuple(rule["channels"]),
        link="/sign-in/code",
    )


def _code_digest(challenge_id: uuid.UUID, code: str) -> bytes:
    return keys.blind(f"{challenge_id}:{code}", "sign-in-code")


def find(token: str | None, purpose: str = "second_factor", *, lock: bool = False) -> Challenge | None:
    """The open challenge of a cookie; None where it ran out or was used."""
    if not token:
        return None
    query = select(Challenge).where(
        Challenge.digest == crypto.token_digest(token), Challenge.purpose == purpose, Challenge.expires_at > clock.now()
    )
    return db.session.execute(query.with_for_update() if lock else query).scalar_one_or_none()


def may_send_again(challenge: Challenge) -> int:
    """Seconds until another code may be sent: 0 now, -1 never in this sign-in."""
    rule = policy()["second_factor"]
    if challenge.sends >= rule["resend_limit"]:
        return -1
    if challenge.sent_at is None:
        return 0
    past = (clock.now() - challenge.sent_at).total_seconds()
    return max(0, int(rule["resend_pause_seconds"] - past + 0.999))


def send_again(token: str | None) -> Message | None:
    """Send another code; the one before stops working. Returns why not, or None when it was sent."""
    challenge = find(token, lock=True)
    if challenge is None or challenge.account_id is None:
        return GONE
    wait = may_send_again(challenge)
    if wait < 0:
        return _("No more codes can be sent for this sign-in. Please start again.")
    if wait:
        return _("Another code can be sent in {count} seconds.", count=wait)
    _send(challenge, accounts.by_id(challenge.account_id))
    return None


def second_step(token: str | None, code: str, agent: str = "") -> SecondStep:
    """Check the one-time code (or the authenticator's) and open a session. A code works once; tries are counted."""
    challenge = find(token, lock=True)
    if challenge is None or challenge.account_id is None:
        return SecondStep(error=GONE, restart=True)
    account = accounts.by_id(challenge.account_id, lock=True)
    if not usable(account):
        db.session.delete(challenge)
        return SecondStep(error=why_closed(account), restart=True)
    rule = policy()["second_factor"]
    challenge.attempts += 1
    given = "".join(c for c in code if c.isdigit())
    factors = _factor(challenge, account, given)
    if factors is None:
        audit.record("sign_in.wrong_code", "account", account.id)
        if challenge.attempts >= rule["attempts"]:
            db.session.delete(challenge)
            return SecondStep(error=_("Too many wrong codes. Please sign in again."), restart=True)
        if challenge.code_expires_at is not None and challenge.code_expires_at <= clock.now():
            return SecondStep(error=_("This code is no longer good. Ask for another one."))
        return SecondStep(error=_("This code is not right. Please check the last message that you received."))
    next_path, carried = challenge.next_path, carried_by(token or "", challenge)
    db.session.delete(challenge)
    throttle.forget("codes", str(account.id))
    db.session.flush()
    first = f"provider:{carried.provider}" if carried is not None else "password"
    opened = open_session(account, f"{first}+{factors}", agent)
    if carried is not None:
        attach(opened, account, carried)
    return SecondStep(opened, account, next_path)


def _factor(challenge: Challenge, account: Account, code: str) -> str | None:
    now = clock.now()
    sent, until = challenge.code_digest, challenge.code_expires_at
    if sent and until and until > now and crypto.same(sent, _code_digest(challenge.id, code)):
        return "code"
    if account.totp_confirmed_at is not None and totp.check(account, code):
        return "totp"
    return None


def confirm_password(account_id: uuid.UUID, password: str, ip: str) -> Message | None:
    """Ask a signed-in person for the password again. Returns what is wrong, None when it fits."""
    wait = throttle.take("ip", ip, factor=throttle.IP_FACTOR) or throttle.take("again", str(account_id))
    if wait:
        return wait_message(wait)
    account = accounts.by_id(account_id)
    passwords.release_connection()
    if not passwords.verify(account.password_hash, password):
        return _("This is not your password.")
    throttle.forget("again", str(account_id))
    return None


def purge() -> None:
    """Drop challenges that ran out."""
    db.session.execute(delete(Challenge).where(Challenge.expires_at <= clock.now()))

"""Signing in by program: password, then the code; the answer is a session token for the Authorization header."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import g, request
from marshmallow import fields, validate

from core import clock
from core.api.fields import Input, Output, ident, told
from core.api.operations import operation
from core.api.problems import Problem
from core.api.v1 import shared
from core.api.v1.schemas import Instant
from core.db import db
from core.identity import sessions, sign_in
from core.identity.policy import policy
from core.messages import Message

topic = shared.topic("session", "Sign in with password and one-time code, look at the session, end it.")


class Credentials(Input):
    """The first factor."""

    email = fields.String(
        required=True, validate=validate.Length(max=254), metadata=told("E-mail address of the account")
    )
    password = fields.String(required=True, validate=validate.Length(max=1024), metadata=told("Password"))


class ChallengeAnswer(Output):
    """What the second factor wants."""

    challenge = fields.String(metadata=told("Secret of this sign-in; send it with the code"))
    channels = fields.List(fields.String(), metadata=told("Where the code was sent: email, sms"))
    code_length = fields.Integer(metadata=told("Digits of the code"))
    validity_minutes = fields.Integer(metadata=told("How long the code is good"))


class CodeInput(Input):
    """The second factor."""

    challenge = fields.String(
        required=True, validate=validate.Length(min=1, max=200), metadata=told("From POST /session")
    )
    code = fields.String(required=True, validate=validate.Length(min=1, max=20), metadata=told("The one-time code"))


class ChallengeInput(Input):
    """Which sign-in."""

    challenge = fields.String(
        required=True, validate=validate.Length(min=1, max=200), metadata=told("From POST /session")
    )


class TokenAnswer(Output):
    """The session."""

    token = fields.String(metadata=told("Send it as `Authorization: Bearer …`; it is shown once"))
    expires_at = Instant(metadata=told("Ends at this instant in any case"))
    inactivity_minutes = fields.Integer(metadata=told("Ends after so long without a request"))


class Sent(Output):
    """Whether a code is on its way."""

    sent = fields.Boolean(metadata=told("True"))


class SessionAnswer(Output):
    """Whose session this is."""

    account_id = ident("Account")
    role = fields.String(metadata=told("patient or professional"))
    display_name = fields.String(metadata=told("Name"))
    language = fields.String(metadata=told("Language of the account", values="languages"))
    must_change_password = fields.Boolean(metadata=told("A new password is wanted before anything else"))


def _refused(status: int, code: str, message: Message, wait: int = 0) -> Problem:
    return Problem(status, code, message, headers={"Retry-After": str(wait)} if wait else None)


@operation(
    topic, "POST", "/session", roles=("public",), body=Credentials, answer=ChallengeAnswer, status=201,
    refusals={401: "Wrong address or password, or a closed account", 429: "Too many tries; Retry-After says how long to wait"},
)  # fmt: skip
def begin(body: dict[str, Any]) -> dict[str, Any]:
    """Give the password; a code is sent.

    The answer is the same for an address that nobody has as for a wrong password.
    """
    step = sign_in.first_step(body["email"], body["password"], request.remote_addr or "")
    db.session.commit()
    if step.token is None:
        message = step.error or sign_in.WRONG
        if step.wait_seconds:
            raise _refused(429, "too_many_tries", message, step.wait_seconds)
        raise _refused(401, "not_signed_in", message)
    rule = policy()["second_factor"]
    return {
        "challenge": step.token,
        "channels": rule["channels"],
        "code_length": rule["code_length"],
        "validity_minutes": rule["validity_minutes"],
    }


@operation(
    topic, "POST", "/session/code", roles=("public",), body=CodeInput, answer=TokenAnswer, status=201,
    refusals={401: "Wrong, used or expired code; `restart` true means that the password is wanted again"},
)  # fmt: skip
def finish(body: dict[str, Any]) -> dict[str, Any]:
    """Give the code; the answer holds the session token."""
    step = sign_in.second_step(body["challenge"], body["code"], request.user_agent.string)
    db.session.commit()
    if step.session_token is None:
        raise Problem(401, "code_refused", step.error or sign_in.GONE, restart=step.restart)
    rule = policy()["session"]
    return {
        "token": step.session_token,
        "expires_at": clock.now() + dt.timedelta(hours=rule["lifetime_hours"]),
        "inactivity_minutes": rule["inactivity_minutes"],
    }


@operation(
    topic, "POST", "/session/code/again", roles=("public",), body=ChallengeInput, answer=Sent,
    refusals={409: "Not yet, not any more, or the sign-in ran out"},
)  # fmt: skip
def send_again(body: dict[str, Any]) -> dict[str, Any]:
    """Send another code; the one before stops working."""
    wrong = sign_in.send_again(body["challenge"])
    db.session.commit()
    if wrong is not None:
        raise Problem(409, "code_not_sent", wrong)
    return {"sent": True}


@operation(topic, "GET", "/session", roles=("signed_in",), answer=SessionAnswer)
def show() -> dict[str, Any]:
    """Whose session this is."""
    account = g.account
    return {
        "account_id": account.id,
        "role": account.role,
        "display_name": account.display_name,
        "language": account.language,
        "must_change_password": account.must_change_password,
    }


@operation(topic, "DELETE", "/session", roles=("signed_in",), answer=None, status=204)
def end() -> None:
    """Sign out: the token stops working at once."""
    sessions.end(g.account.id, g.account.session_id)
    db.session.commit()


@operation(topic, "DELETE", "/sessions", roles=("signed_in",), answer=None, status=204)
def end_everywhere() -> None:
    """Sign out everywhere: every token and every browser of the account."""
    sessions.end_all(g.account.id)
    db.session.commit()

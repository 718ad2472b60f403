"""Signing in, in two steps; signing out; being asked again."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, make_response, redirect, render_template, request, url_for

from core.db import db
from core.identity import accounts, passkeys, provider_sessions, providers, sessions, sign_in
from core.identity.blueprint import (
    bp,
    challenge,
    host,
    ip,
    me,
    next_path,
    origin,
    with_challenge,
    without_challenge,
)
from core.identity.policy import policy
from core.messages import _
from core.web.access import access
from core.web.language import say


@bp.route("/sign-in", methods=["GET", "POST"], endpoint="sign_in")
@access("public")
def password_step() -> Any:
    """The first step. Known and unknown addresses read the same and take the same time."""
    if g.account is not None:
        return redirect(next_path())
    step = sign_in.FirstStep()
    if request.method == "POST":
        step = sign_in.first_step(request.form.get("email", ""), request.form.get("password", ""), ip(), next_path())
        db.session.commit()
        if step.token is not None:
            return with_challenge(redirect(url_for("identity.code")), step.token)
    page = render_template(
        "identity/sign_in.html",
        email=request.form.get("email", "")[:254],
        error=say(step.error),
        next=next_path(),
        ways=providers.offered(),
        opened=request.args.get("opened"),
        address=request.args.get("address"),
        changed=request.args.get("changed"),
    )
    if step.wait_seconds:
        return page, 429, {"Retry-After": str(step.wait_seconds)}
    return page, 422 if step.error else 200


@bp.route("/sign-in/code", methods=["GET", "POST"])
@access("public")
def code() -> Any:
    """The second step: the one-time code, by message or from the authenticator app (CB-088)."""
    step = sign_in.SecondStep()
    if request.method == "POST":
        step = sign_in.second_step(challenge(), request.form.get("code", "")[:20], request.user_agent.string)
        db.session.commit()
        if step.session_token is not None:
            answer = redirect(step.next_path)
            return without_challenge(sessions.set_cookie(answer, step.session_token))
    found = None if step.restart else sign_in.find(challenge())
    if found is None:
        page = render_template(
            "identity/sign_in.html",
            email="",
            error=say(step.error or sign_in.GONE),
            next="/",
            ways=providers.offered(),
        )
        return page, 422
    page = _code_page(found, say(step.error))
    return page, 422 if step.error else 200


def _code_page(found: Any, error: str = "", note: str = "") -> str:
    account = accounts.by_id(found.account_id)
    who = accounts.person(account)
    rule = policy()["second_factor"]
    return render_template(
        "identity/code.html",
        error=error,
        note=note,
        app=account.totp_confirmed_at is not None,
        sent=found.sends > 0,
        channels=rule["channels"],
        email=hint_email(who.email),
        phone="•••• " + who.phone[-2:],
        length=rule["code_length"],
        minutes=rule["validity_minutes"],
        wait=sign_in.may_send_again(found),
    )


def hint_email(email: str) -> str:
    """An address that its owner recognises and nobody else learns."""
    local, _at, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


@bp.post("/sign-in/code/again")
@access("public")
def code_again() -> Any:
    """Send another code, after the pause and not more often than the portal allows."""
    wrong = sign_in.send_again(challenge())
    db.session.commit()
    found = sign_in.find(challenge())
    if found is None:
        return redirect(url_for("identity.sign_in"))
    if wrong is not None:
        return _code_page(found, say(wrong)), 429
    return _code_page(found, note=say(_("A new code is on its way. The one before no longer works.")))


@bp.post("/sign-in/passkey/options")
@access("public")
def passkey_options() -> Any:
    """Begin to sign in with a passkey."""
    body = request.get_json(silent=True) or {}
    token, options = passkeys.authentication_options(
        host(), next_path() if request.values.get("next") else _local(body.get("next"))
    )
    db.session.commit()
    return with_challenge(jsonify(options), token)


def _local(target: Any) -> str:
    from core.consent.pages import local  # late: only JSON callers need it

    return local(target if isinstance(target, str) else None)


@bp.post("/sign-in/passkey")
@access("public")
def passkey_sign_in() -> Any:
    """End signing in with a passkey; the account is the key's, whatever the body says."""
    credential = request.get_json(silent=True)
    done = None
    if isinstance(credential, dict):
        done = passkeys.sign_in(challenge(), credential, host(), origin(), request.user_agent.string)
    db.session.commit()
    if done is None:
        return jsonify(
            {"error": say(_("This passkey could not be used here. Please sign in with your password."))}
        ), 422
    token, _account, target = done
    return without_challenge(sessions.set_cookie(jsonify({"next": target}), token))


@bp.post("/sign-out")
@access("public")
def sign_out() -> Any:
    """End this session, on the server too; one that a provider opened may go on there, and the person is told."""
    carried = None
    if g.account is not None:
        carried = provider_sessions.of_session(me().session_id, me().person_id)
        sessions.end(me().id, me().session_id)
        db.session.commit()
    there = provider_sessions.sign_out_address(carried, request.host_url) if carried is not None else None
    if there is None:
        return sessions.clear_cookie(redirect("/"))
    g.account = None
    page = render_template("identity/signed_out.html", provider=there[0], address=there[1])
    return sessions.clear_cookie(make_response(page))


@bp.route("/sign-in/again", methods=["GET", "POST"])
@access("signed_in")
def again() -> Any:
    """Ask a signed-in person for the password before something that is hard to undo."""
    error = None
    if request.method == "POST":
        error = sign_in.confirm_password(me().id, request.form.get("password", ""), ip())
        if error is None:
            sessions.mark_fresh(me().session_id)
            db.session.commit()
            return redirect(next_path())
        db.session.commit()
    page = render_template("identity/again.html", error=say(error), next=next_path())
    return page, 422 if error else 200

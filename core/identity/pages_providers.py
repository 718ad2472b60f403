"""Signing in with an identity provider: there and back, who it is, connecting an account, ending it.

Every step that leaves the portal is a link, not a form: browsers hold a form's redirects to `form-action 'self'`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import abort, g, jsonify, redirect, render_template, url_for
from flask import request as http

from core.db import db
from core.identity import oidc, professionals, provider_links, providers, sessions, throttle
from core.identity.blueprint import bp, ip, me, next_path, require, row, with_challenge
from core.identity.oidc import Arrival
from core.identity.provider_arrivals import Begun, begun, refused, token, with_cookie, without_cookie
from core.identity.provider_failures import Failure
from core.identity.providers import Way
from core.identity.sign_in import wait_message
from core.messages import _
from core.web.access import access
from core.web.language import language, say


def _way(code: str) -> Way:
    found = providers.way(code)
    if found is None:
        abort(404)
    return found


def _wait(seconds: int) -> Any:
    page = render_template("identity/provider_wait.html", words=say(wait_message(seconds)))
    return page, 429, {"Retry-After": str(seconds)}


def _leave(way: Way, intent: str) -> Any:
    wait = throttle.take("provider", ip(), factor=throttle.IP_FACTOR)
    if wait:
        return _wait(wait)
    try:
        address, cookie = oidc.begin(
            way,
            url_for("identity.provider_back", code=way.code, _external=True),
            intent=intent,
            account_id=me().id if intent == "connect" else None,
            next_path=next_path(),
            locales=language(),
        )
    except Failure as failure:
        return refused(way, failure)
    db.session.commit()
    return with_cookie(redirect(address), cookie)


@bp.get("/sign-in/with/<code>")
@access("public")
def provider_start(code: str) -> Any:
    """Go to a provider to sign in."""
    way = _way(code)
    return redirect(next_path()) if g.account is not None else _leave(way, "sign_in")


@bp.get("/account/security/providers/<code>")
@require("signed_in", fresh=True)
def provider_connect_start(code: str) -> Any:
    """Go to a provider to connect the signed-in account with an identity there."""
    way = _way(code)
    if way.audience != me().role:
        abort(404)
    return _leave(way, "connect")


@bp.get("/sign-in/with/<code>/keys")
@access("public")
def provider_keys(code: str) -> Any:
    """The portal's public keys, where the provider fetches them."""
    return jsonify(providers.public_keys(_way(code)))


@bp.get("/sign-in/with/<code>/back")
@access("public")
def provider_back(code: str) -> Any:
    """The answer of a provider."""
    way = _way(code)
    wait = throttle.take("provider-back", ip(), factor=throttle.IP_FACTOR)
    if wait:
        return _wait(wait)
    try:
        return _arrived(way, oidc.finish(way, token(), http.args.to_dict()))
    except Failure as failure:
        return refused(way, failure)


def _arrived(way: Way, arrival: Arrival) -> Any:
    if arrival.intent == "connect":
        if g.account is None or str(me().id) != arrival.account_id:
            raise Failure("other_account")
        return _ask(arrival, "identity.provider_connect")
    link = provider_links.find(arrival)
    if link is None:
        if arrival.email_refused:
            raise Failure("unverified_email")
        if way.provider.identifier and not arrival.number:
            raise Failure("number_missing")
        several = len(arrival.exercises) > 1
        return _ask(arrival, "identity.provider_exercise" if several else "identity.provider_unknown")
    provider_links.may_open(way, arrival, link)
    if len(arrival.exercises) > 1:
        return _ask(arrival, "identity.provider_exercise")
    only = arrival.exercises[0].code if arrival.exercises else ""
    return _open(way, arrival, link, only)


def _ask(arrival: Arrival, endpoint: str) -> Any:
    cookie = oidc.store(arrival)
    db.session.commit()
    return with_cookie(redirect(url_for(endpoint)), cookie)


def _open(way: Way, arrival: Arrival, link: Any, exercise: str) -> Any:
    done = provider_links.sign_in_with(way, arrival, link, exercise, http.user_agent.string)
    db.session.commit()
    if done.wait_seconds:
        return _wait(done.wait_seconds)
    if done.session_token:
        return without_cookie(sessions.set_cookie(redirect(arrival.next_path), done.session_token))
    return without_cookie(with_challenge(redirect(url_for("identity.code")), done.challenge_token))


@bp.route("/sign-in/identity/exercise", methods=["GET", "POST"])
@access("public")
def provider_exercise() -> Any:
    """Which of several exercises a professional signs in for: only the person knows."""
    found = begun(lock=http.method == "POST")
    if found is None or len(found.arrival.exercises) < 2:
        return redirect(url_for("identity.sign_in"))
    link = provider_links.find(found.arrival)
    chosen = provider_links.choice(found.arrival, http.form.get("exercise", ""))
    if http.method == "POST" and chosen is not None:
        found.end()
        arrival = dataclasses.replace(found.arrival, exercises=(chosen,))
        if link is None:
            return _ask(arrival, "identity.provider_unknown")
        try:
            return _open(found.way, arrival, link, chosen.code)
        except Failure as failure:
            return refused(found.way, failure)
    names = {code: say(s.label) for code, s in professionals.specialties(found.way.provider.country or "").items()}
    page = render_template(
        "identity/provider_exercise.html",
        found=found,
        names=names,
        last=provider_links.last_exercise(link) if link is not None else "",
        error=say(_("Please choose one.")) if http.method == "POST" else "",
    )
    return page, 422 if http.method == "POST" else 200


@bp.get("/sign-in/identity")
@access("public")
def provider_unknown() -> Any:
    """An identity that opens no account yet: open one with it, or connect one that exists."""
    found = begun()
    if found is None:
        return redirect(url_for("identity.sign_in"))
    return render_template("identity/provider_unknown.html", found=found)


@bp.post("/sign-in/identity/forget")
@access("public")
def provider_forget() -> Any:
    """Go on without the provider: what it told is dropped."""
    found = begun(lock=True)
    if found is not None:
        found.end()
        db.session.commit()
    return without_cookie(redirect(url_for("identity.sign_in" if g.account is None else "identity.security")))


@bp.route("/account/security/connect", methods=["GET", "POST"])
@require("signed_in", fresh=True)
def provider_connect() -> Any:
    """Connect the signed-in account with the identity that arrived, after a look at whose it is."""
    found = begun(lock=http.method == "POST")
    if found is None:
        return redirect(url_for("identity.security"))
    try:
        _check_owner(found)
        if http.method == "POST":
            provider_links.connect(found.way, found.arrival, row())
            found.end()
            db.session.commit()
            return without_cookie(redirect(url_for("identity.security", connected=1)))
        provider_links.examine(found.way, found.arrival, row())
    except Failure as failure:
        return refused(found.way, failure)
    return render_template("identity/provider_connect.html", found=found)


def _check_owner(found: Begun) -> None:
    owner = found.arrival.account_id
    if owner and owner != str(me().id):
        raise Failure("other_account")


@bp.post("/account/security/providers/<code>/remove")
@require("signed_in", fresh=True)
def provider_remove(code: str) -> Any:
    """Take the connection with a provider away; password and code stay."""
    if not provider_links.remove(row(), code):
        abort(404)
    db.session.commit()
    return redirect(url_for("identity.security", disconnected=1))

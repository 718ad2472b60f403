"""The blueprint of the room, and what its pages share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from core.consent.pages import local
from core.identity import accounts
from core.identity.models import Account
from core.identity.sessions import AccountView
from core.web.access import access
from core.web.cookies import cookie_name, give, take

bp = Blueprint(
    "identity", __name__, template_folder="templates", static_folder="static", static_url_path="/static-identity"
)
CHALLENGE_COOKIE = "portico_sign_in"
CHALLENGE_SECONDS = 1800
F = TypeVar("F", bound=Callable[..., Any])


def ip() -> str:
    """The visitor's network address (behind a proxy: as the trusted proxy says)."""
    return request.remote_addr or ""


def host() -> str:
    """The portal's host name without port: the frame resolved it to this tenant already."""
    return request.host.rsplit(":", 1)[0].lower()


def origin() -> str:
    """The portal's origin as browsers name it."""
    return request.host_url.rstrip("/")


def next_path() -> str:
    """Where the person wanted to go: a path of this portal."""
    return local(request.values.get("next"))


def typed() -> dict[str, str]:
    """The form as typed; a date given in three fields is put together."""
    data = dict(request.form.items())
    for key in [k for k in data if k.endswith("_day")]:
        name = key.removesuffix("_day")
        parts = [data.get(f"{name}_{p}", "").strip() for p in ("day", "month", "year")]
        if any(parts) and name not in data:
            data[name] = "/".join(parts)
    return data


def me() -> AccountView:
    """The signed-in person; only for views that ask for one."""
    account: AccountView = g.account
    return account


def row() -> Account:
    """The signed-in person's account."""
    return accounts.by_id(me().id)


def require(*roles: str, fresh: bool = False) -> Callable[[F], F]:
    """Declare who may call a view; with `fresh` the person must have proved who they are a short while ago."""

    def mark(view: F) -> F:
        declared = access(*roles)(view)
        if not fresh:
            return declared

        @wraps(declared)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not me().fresh:
                target = (
                    request.full_path.rstrip("?")
                    if request.method == "GET"
                    else (request.path if _has_get() else "/account/security")
                )
                return redirect(url_for("identity.again", next=target))
            return declared(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return mark


def _has_get() -> bool:
    rule = request.url_rule
    return rule is not None and "GET" in (rule.methods or ())


def with_challenge(response: Response, token: str) -> Response:
    """Give the browser the token of its sign-in under way."""
    give(response, CHALLENGE_COOKIE, token, seconds=CHALLENGE_SECONDS)
    return response


def challenge() -> str | None:
    """The token of the sign-in under way in this browser."""
    return request.cookies.get(cookie_name(CHALLENGE_COOKIE))


def without_challenge(response: Response) -> Response:
    """The sign-in is over."""
    take(response, CHALLENGE_COOKIE)
    return response

"""Secret cookies: this host only, never readable by scripts, over https wherever the portal is served so."""

from __future__ import annotations

from flask import current_app
from werkzeug.wrappers import Response


def secure() -> bool:
    """Whether cookies are for https alone: in operation always."""
    answer: bool = current_app.extensions["portico"].settings.secure_cookies
    return answer


def cookie_name(base: str) -> str:
    """`__Host-` in production (https); plain on http://localhost, where browsers refuse the prefix."""
    return f"__Host-{base}" if secure() else base


def give(response: Response, base: str, value: str, *, seconds: int | None = None) -> None:
    """Set a secret cookie, for so many seconds or until the browser is closed.

    It comes along when a link of another site leads here (a provider's, an e-mail's), never with another site's form.
    """
    response.set_cookie(
        cookie_name(base), value, max_age=seconds, httponly=True, samesite="Lax", secure=secure(), path="/"
    )


def take(response: Response, base: str) -> None:
    """Take a secret cookie away again."""
    response.delete_cookie(cookie_name(base), path="/", secure=secure(), httponly=True, samesite="Lax")

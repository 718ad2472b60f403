"""What pages share of providers: the arrival of this browser, forms filled from it, and the page that says why not."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from flask import g, make_response, render_template, request, url_for
from sqlalchemy import delete
from werkzeug.wrappers import Response

from core import audit
from core.db import db
from core.identity import oidc, provider_links, providers
from core.identity.forms import Field
from core.identity.models import Account, Challenge
from core.identity.oidc import Arrival
from core.identity.provider_failures import Failure
from core.identity.providers import Way
from core.identity.schemas import sex_options
from core.messages import Message, _
from core.web.cookies import cookie_name, give, take
from core.web.frame import request_number
from core.web.language import fmt_date, say

log = logging.getLogger("portico.identity")
COOKIE = "portico_provider"
COOKIE_SECONDS = 3600


def with_cookie(response: Response, token: str) -> Response:
    """Give the browser the token of its sign-in at a provider."""
    give(response, COOKIE, token, seconds=COOKIE_SECONDS)
    return response


def without_cookie(response: Response) -> Response:
    """The sign-in at a provider is over."""
    take(response, COOKIE)
    return response


def token() -> str | None:
    """The token of the sign-in at a provider in this browser."""
    return request.cookies.get(cookie_name(COOKIE))


@dataclass(frozen=True, slots=True)
class Begun:
    """An arrival of this browser, with its provider."""

    way: Way
    arrival: Arrival
    row_id: uuid.UUID

    @property
    def name(self) -> str:
        """The person as the provider names them; may be empty."""
        known = self.arrival.verified
        return " ".join(x for x in (known.get("first_name", ""), known.get("last_name", "")) if x)

    def filled(self, form: dict[str, str]) -> dict[str, str]:
        """A form with what the provider gave: proposals where nothing was typed, checked values in any case."""
        proposed = {"email": self.arrival.email, "phone": self.arrival.phone}
        if self.way.provider.country:
            proposed["country"] = self.way.provider.country
        if len(self.arrival.exercises) == 1:
            proposed |= {"specialty": self.arrival.exercises[0].specialty, "place": self.arrival.exercises[0].place}
        return proposed | form | self._held()

    def _held(self) -> dict[str, str]:
        held = dict(self.arrival.verified)
        if self.way.provider.identifier and self.arrival.number:
            held[self.way.provider.identifier] = self.arrival.number
        return held

    def lock(self, fields: list[Field]) -> None:
        """Show the checked values as what they are: read, not typed."""
        held = self._held()
        for f in fields:
            if f.name in held:
                f.type, f.options, f.autocomplete = "text", [], ""
                f.value = _shown(f.name, held[f.name])
                f.help = say(_("Given by {provider}; it cannot be changed here.", provider=self.way.label))
                f.attrs = {"readonly": "readonly"}

    def connect(self, account: Account) -> None:
        """Connect the identity with the account that was just made. Raises Failure."""
        exercise = self.arrival.exercises[0].code if len(self.arrival.exercises) == 1 else ""
        provider_links.connect_new(self.way, self.arrival, account, exercise)

    def end(self) -> None:
        """Use the arrival up."""
        db.session.execute(delete(Challenge).where(Challenge.id == self.row_id))


def _shown(name: str, value: str) -> str:
    if name == "birth_date":
        return fmt_date(dt.date.fromisoformat(value))
    if name == "sex":
        return next(
            (say(label) if isinstance(label, Message) else label for v, label in sex_options() if v == value), value
        )
    return value


def begun(audience: str = "", *, lock: bool = False) -> Begun | None:
    """The arrival that waits in this browser, for one kind of account or any."""
    found = oidc.waiting(token(), lock=lock)
    way = providers.way(found[0].provider) if found is not None else None
    if found is None or way is None or (audience and way.audience != audience):
        return None
    return Begun(way, found[0], found[1].id)


def refused(way: Way, failure: Failure) -> Any:
    """Undo everything, put the refusal on the trail, and say in plain words why, with the number to quote."""
    db.session.rollback()
    with ExitStack() as stack:
        if g.get("account") is None:
            stack.enter_context(audit.acting_as(audit.Actor("visitor")))
        details = {"reason": failure.reason, "reference": request_number()}
        audit.record("provider.refused", "provider", way.code, details)
        db.session.commit()
    log.warning("a sign-in with a provider was refused", extra={"provider": way.code, "reason": failure.reason})
    page = render_template(
        "identity/provider_problem.html",
        provider=way.label,
        words=say(failure.message),
        cancelled=failure.reason == "cancelled",
        again=url_for("identity.provider_start", code=way.code),
        request_number=request_number(),
    )
    return without_cookie(make_response(page, failure.status))

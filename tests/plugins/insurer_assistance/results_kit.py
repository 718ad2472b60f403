"""What tests of results share: somebody who came by telephone, a consultation at any step, browsers, a paper."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import uuid
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from flask import g
from fpdf import FPDF

from core.care.consultations import reports
from core.care.consultations.models import Consultation
from core.care.prescriptions import deciding, issuing
from core.consent import service as consent
from core.db import db
from core.directory.models import Professional
from core.identity import accounts, intake
from core.identity.accounts import Person
from core.jobs import outbox
from core.notifications.inbox import latest
from core.tenancy.current import entered
from core.testing import makers
from core.testing.browser import Browser
from plugins.insurer_assistance import doctoring, listing, members, requesting

_numbers = itertools.count(1)
CONCLUSION = "Bronchite sans gravité"
RPPS = "10000000017"


@lru_cache
def pdf_bytes() -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=12)
    made.cell(0, 10, "Ordonnance")
    return bytes(made.output())


def by_telephone(residence: str = "FR") -> SimpleNamespace:
    """Somebody covered who has no password."""
    n = next(_numbers)
    person = Person("Marcel", f"Téléphone{n}", f"marcel{n}@example.org", "+33639980077", "1950-03-02", "male")
    arrival = intake.arrive(person, language="fr", country=residence)
    consent.accept(arrival.account_id, consent.missing(arrival.account_id), language="fr", way="express")
    account = accounts.by_id(arrival.account_id)
    line = listing.Listed(
        number=f"T{n}", contract_number=f"CT{n}", last_name=person.last_name, first_name=person.first_name,
        birth_date=dt.date(1950, 3, 2), role="insured", opens_on=dt.date(2026, 1, 1),
    )  # fmt: skip
    found = listing.put(line, "file")
    assert members.link(found, account.id, None) == ""
    db.session.commit()
    return SimpleNamespace(account=account, member=found, email=person.email)


def in_call(someone: SimpleNamespace, pro: SimpleNamespace, wanted: Any) -> Consultation:
    """A case whose call is on."""
    pro.pro.register_number = RPPS
    made = requesting.from_web(wanted)
    doctoring.take(pro.pro, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    db.session.commit()
    found: Consultation = Consultation.get(made.id)
    return found


class Scene:
    """A consultation with its two people, found anew each time: a request leaves no object of its session behind."""

    def __init__(self, app: Any, view: Any, someone: SimpleNamespace, pro: SimpleNamespace, row: Consultation) -> None:
        self.app, self.view = app, view
        self._ids = (row.id, pro.pro.id, pro.account.id, someone.account.id)

    @property
    def row(self) -> Consultation:
        found: Consultation = Consultation.get(self._ids[0])
        return found

    @property
    def pro(self) -> SimpleNamespace:
        return SimpleNamespace(pro=Professional.get(self._ids[1]), account=accounts.by_id(self._ids[2]))

    @property
    def someone(self) -> SimpleNamespace:
        return SimpleNamespace(account=accounts.by_id(self._ids[3]))


def reported(pro: SimpleNamespace, row: Consultation) -> None:
    """The call is over and the report saved."""
    doctoring.hang_up(pro.pro, row.id)
    reports.save(pro.pro, row.id, {"conclusion": CONCLUSION}, signed_with="password+code")
    db.session.commit()


def issue(row: Consultation, pro: SimpleNamespace, **changed: Any) -> Any:
    """A prescription of three days, or as changed."""
    given: dict[str, Any] = {
        "client_key": uuid.uuid4().hex, "pdf": pdf_bytes(), "classes": (), "duration_days": 3,
        "checklist": {m.code for m in deciding.mentions("FR", changed.get("kind", "medicine"), cross_border=False)},
    }  # fmt: skip
    made = issuing.issue(row, pro.pro, **{**given, **changed})
    db.session.commit()
    return made


def messages(channel: str | None = None) -> list[Any]:
    """All that was sent, the newest first, after delivering what waits."""
    with _kept():
        outbox.drain()
    found = latest()
    db.session.expire_all()
    return [m for m in found if channel in (None, m.channel)]


class _kept:
    """Requests and deliveries leave nobody inside a portal: this comes back to where the test was."""

    def __enter__(self) -> None:
        self.before = g.get("tenant")
        db.session.commit()

    def __exit__(self, *_error: object) -> None:
        g.tenant = self.before
        g.pop("language", None)


def visitor(app: Any, language: str = "en") -> Browser:
    """A browser on the mutual's portal after whose requests the test is inside it again."""
    made = Browser(app, "mutuelle.localhost", language)
    ask = made.client.open

    def open_(*arguments: Any, **named: Any) -> Any:
        with _kept():
            return ask(*arguments, **named)

    made.client.open = open_  # type: ignore[method-assign]
    return made


def signed_in(app: Any, account: Any, language: str = "en") -> Browser:
    """The browser of somebody who is signed in."""
    made, account_id = visitor(app, language), account.id
    with entered(account.tenant_id):
        mine = accounts.by_id(account_id)
        mine.language = language
        makers._sign_in(made, mine)
    return made


CODE = re.compile(r"(?<![\w-])(\d{6})(?![\w-])")


def codes() -> list[Any]:
    """The text messages that hold a code, the newest first."""
    return [m for m in messages("sms") if CODE.search(m.body_text)]


def code_in(message: Any) -> str:
    found = CODE.search(message.body_text)
    assert found, message.body_text
    return found.group(1)


def link_in(message: Any) -> str:
    found = re.search(r"(/x/insurer_assistance/papers/[\w-]+)", message.body_text)
    assert found, message.body_text
    return found.group(1)

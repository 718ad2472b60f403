"""Telling people that a document they accepted changes (CB-067)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from core import clock, i18n
from core.consent import documents
from core.db import db
from core.hooks.types import Event
from core.identity import accounts
from core.identity.models import Account
from core.jobs import consumer
from core.notifications.models import Notification
from core.notifications.service import notify
from core.tenancy.current import current_tenant


@consumer("terms_published", "core.identity.terms")
def tell(event: Event) -> None:
    """Tell every open account of a new version, once: the portal's first version and a repeated event tell nobody."""
    tenant = current_tenant()
    code, version = str(event.payload["document"]), str(event.payload["version"])
    found = documents.find(tenant, code, version, clock.today(tenant.time_zone))
    if found is None or not found.accepted:
        return
    link = f"/legal/{code}?version={version}"
    told = set(
        db.session.execute(
            select(Notification.account_id).where(Notification.code == "terms_changed", Notification.link == link)
        ).scalars()
    )
    rows = db.session.execute(
        select(Account).where(
            Account.state == "active",
            Account.role.in_(("patient", "professional")),
            Account.created_at < event.occurred_at,
        )
    ).scalars()
    for account in rows:
        if account.id not in told:
            _tell(account, found, link, event.occurred_at)


def _tell(account: Account, version: documents.LegalVersion, link: str, since: dt.datetime) -> None:
    day = version.effective_on or since.date()
    notify(
        "terms_changed",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={
            "document": version.title(account.language),
            "date": i18n.day(day, account.language),
        },
        link=link,
    )

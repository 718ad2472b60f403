"""The hourly job that keeps the head of each portal's audit chain outside the database."""

from __future__ import annotations

from flask import current_app

from core.audit import anchors
from core.audit.service import head
from core.jobs import periodic
from core.tenancy.current import current_tenant

EVERY_SECONDS = 3600


@periodic.job("audit_anchor", EVERY_SECONDS)
def anchor() -> None:
    """Append the present head, when there is one."""
    seq, value = head()
    if seq:
        anchors.write(current_app.extensions["portico"].settings.var, current_tenant().slug, seq, value)

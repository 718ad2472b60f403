"""How long each category of data is kept, and the job that erases what is past its period (IA-095, IA-030).

A room that holds data of a category registers what erases them: `@purge("anomaly_reports")`. The job asks each for what
ended before the portal's period; what goes is counted on the trail. Categories without a period, and those that follow
the law of the professional's country, are left alone here.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, select

from core import audit, clock
from core.db import db
from core.identity.models import Dependant, SecurityReport
from core.jobs import periodic
from core.messages import Message, _
from core.notifications.models import Notification
from core.privacy.models import OPEN, AuthorityRequest, PrivacyFile, RightsRequest
from core.privacy.policy import months_before
from core.tenancy.current import current_tenant

log = logging.getLogger("portico.retention")
EVERY_SECONDS = 6 * 3600

Purge = Callable[[dt.datetime], int]
"""Erases what ended before an instant; answers how many."""
_purges: dict[str, list[Purge]] = {}

LABELS: dict[str, tuple[Message, Message]] = {
    "accounts": (_("Your account"), _("after it was closed")),
    "health_record": (_("Your health profile and your consultations"), _("after the last entry")),
    "appointments": (_("Your appointments"), _("after their day")),
    "files": (_("Copies of documents and files"), _("after they were sent")),
    "notifications": (_("Messages of the portal to you"), _("after they were sent")),
    "evidence": (_("Proofs of your agreements and of what you took back"), _("after the account was closed")),
    "complaints": (_("Your complaints"), _("after they were closed")),
    "anomaly_reports": (_("Reports of anomalies and misuse"), _("after they were handled")),
    "rights_requests": (_("Your requests about your data"), _("after their answer")),
    "invoices": (_("Amounts and invoices"), _("after the year they belong to")),
    "audit_trail": (_("The trail of who did what"), _("after the act")),
}


def purge(category: str) -> Callable[[Purge], Purge]:
    """Register what erases the data of a category."""

    def register(run: Purge) -> Purge:
        _purges.setdefault(category, []).append(run)
        return run

    return register


def periods() -> Mapping[str, Mapping[str, Any]]:
    """The portal's periods by category: `months`, or `law`."""
    found: Mapping[str, Mapping[str, Any]] = current_tenant().config.get("retention") or {}
    return found


def months_of(category: str) -> int | None:
    """The portal's period of a category; None where it follows the law, or is not set."""
    found = periods().get(category, {}).get("months")
    return int(found) if found is not None else None


def run_one(category: str, months: int) -> int:
    """Erase what is past a period of so many months; answers how many. The purge is on the trail (IA-030)."""
    before = months_before(clock.now(), months)
    gone = sum(run(before) for run in _purges.get(category, ()))
    if gone:
        details = {"count": gone, "months": months, "before": before.isoformat()}
        audit.record("retention.purged", "category", category, details)
    return gone


@periodic.job("privacy.retention", EVERY_SECONDS)
def run() -> None:
    """Erase what is past its period, category by category: one that fails keeps none of the others."""
    failed: Exception | None = None
    for category in list(_purges):
        months = months_of(category)
        if months is None:
            continue
        try:
            run_one(category, months)
            db.session.commit()
        except Exception as error:
            db.session.rollback()
            log.error("purge failed", exc_info=error, extra={"category": category})
            failed = error
    if failed is not None:
        raise failed


# -- what this package and those below hold --------------------------------------------------------------------------


@purge("anomaly_reports")
def anomaly_reports(before: dt.datetime) -> int:
    """Reports that were handled."""
    s = SecurityReport
    return len(db.session.execute(delete(s).where(s.handled_at < before).returning(s.id)).all())


@purge("rights_requests")
def rights_requests(before: dt.datetime) -> int:
    """Requests that have their answer, with file and proofs."""
    gone = _ids(select(RightsRequest.id).where(RightsRequest.state != OPEN, RightsRequest.closed_at < before))
    _files("rights_request", gone)
    db.session.execute(delete(RightsRequest).where(RightsRequest.id.in_(gone)))
    return len(gone)


@purge("rights_requests")
def authority_requests(before: dt.datetime) -> int:
    """Evidence of authority over somebody who is no longer on the account."""
    removed = select(Dependant.id).where(Dependant.removed_at < before)
    gone = _ids(select(AuthorityRequest.id).where(AuthorityRequest.dependant_id.in_(removed)))
    _files("authority_request", gone)
    db.session.execute(delete(AuthorityRequest).where(AuthorityRequest.id.in_(gone)))
    return len(gone)


@purge("notifications")
def notifications(before: dt.datetime) -> int:
    """Messages of the portal, read or not, with their deliveries: what could not be delivered for so long is of no use."""
    n = Notification
    return len(db.session.execute(delete(n).where(n.created_at < before).returning(n.id)).all())


def _ids(query: Any) -> list[Any]:
    return list(db.session.execute(query).scalars())


def _files(subject_kind: str, ids: list[Any]) -> None:
    f = PrivacyFile
    db.session.execute(delete(f).where(f.subject_kind == subject_kind, f.subject_id.in_(ids)))

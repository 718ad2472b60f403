"""Who may read health data: the doctor of the case, and staff of the operator who were named one by one (IA-108)."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from core.plugin_api import Domain
from core.plugin_api import acts as api
from core.plugin_api.pages import Refused
from core.plugin_api.people import profile_of
from core.plugin_api.tables import db, now, record
from plugins.insurer_assistance import team
from plugins.insurer_assistance.cases import KIND
from plugins.insurer_assistance.members import local_day
from plugins.insurer_assistance.models_results import Reader

_ = Domain("insurer_assistance")


def name(account_id: uuid.UUID, until: dt.date, *, by: str) -> Reader:
    """Name one agent, until a day (included); naming them again changes the day. `by`: who named them.

    Raises Refused (422) for anybody else, and for a day that has passed.
    """
    member = team.of(account_id)
    if member is None or member.role != team.AGENT:
        raise Refused(
            _("Only an agent can be named to read reports. Doctors and nurses read those of their own cases."),
            status=422,
        )
    if until < local_day():
        raise Refused(_("“Named until” is {day}, which has passed.", day=until.isoformat()), status=422)
    row = of(account_id)
    if row is None:
        row = Reader(account_id=account_id)
        db.session.add(row)
    row.until, row.named_at, row.named_by = until, now(), by
    db.session.flush()
    record("assistance.reader_named", "account", account_id, {"until": until.isoformat(), "by": by})
    return row


def unname(account_id: uuid.UUID, *, by: str) -> None:
    """Take it back, at once."""
    row = of(account_id)
    if row is not None:
        row.until = local_day() - dt.timedelta(days=1)
        record("assistance.reader_unnamed", "account", account_id, {"by": by})


def settle(account_id: uuid.UUID, until: str, *, by: str) -> None:
    """What the operator's page says of one person: named until an ISO day, or not named where it is empty.

    Raises Refused (422) as `name`, and for what is no day.
    """
    day = team.day_of(until, _("Named until"))
    if day is not None:
        name(account_id, day, by=by)
    elif account_id in named():
        unname(account_id, by=by)


def named() -> dict[uuid.UUID, dt.date]:
    """Everybody who is named today, with the last day."""
    rows = db.session.execute(select(Reader).where(Reader.until >= local_day())).scalars()
    return {row.account_id: row.until for row in rows}


def of(account_id: uuid.UUID) -> Reader | None:
    """What was recorded of one person."""
    return db.session.execute(select(Reader).where(Reader.account_id == account_id)).scalar_one_or_none()


def may_read(account_id: uuid.UUID, case_id: uuid.UUID) -> bool:
    """Whether somebody may read the health data of a case: its own doctor, or an agent at work who is named."""
    consultation = api.of_ids([case_id]).get(case_id)
    me = profile_of(account_id)
    if me is not None and consultation is not None and consultation.professional_id == me.id:
        return team.active(account_id, team.DOCTOR)
    named = of(account_id)
    return named is not None and named.until >= local_day() and team.active(account_id, team.AGENT)


def demand(account_id: uuid.UUID, case_id: uuid.UUID) -> None:
    """Note the look, or the refusal. Raises Refused (403): the caller commits before showing it."""
    if not may_read(account_id, case_id):
        record("assistance.reading_refused", KIND, case_id, {"account": str(account_id)})
        raise Refused(_("You are not named to read health data. The refusal was noted."), status=403)
    record("assistance.read", KIND, case_id, {"account": str(account_id)})

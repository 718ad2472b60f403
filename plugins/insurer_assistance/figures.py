"""What the insurer may know: how much is asked, how soon it is answered, how content people are, how many units are used.

Figures only, counted here and nowhere else. Nothing of why somebody came or what became of them medically is even read
(IA-092, IA-096), and no group smaller than the portal's limit is told, nor can it be worked out from the others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from core.plugin_api.acts import Promise
from core.plugin_api.tables import db, now
from plugins.insurer_assistance import cases, quota
from plugins.insurer_assistance.models import Case, Member, Score, UnitEntry, Units

MONTHS = 12
HIDDEN, NOTHING = None, ""
"""What stands for a figure of a group that is too small, and where there was nothing to count."""


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month in the portal's zone, `first` its first day."""

    first: dt.date

    @property
    def code(self) -> str:
        """As `2026-11`."""
        return f"{self.first:%Y-%m}"

    def bounds(self, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """Its first instant, and the first one after it."""
        start = dt.datetime.combine(self.first, dt.time(), zone)
        return start.astimezone(dt.UTC), dt.datetime.combine(following(self.first), dt.time(), zone).astimezone(dt.UTC)


def following(first: dt.date) -> dt.date:
    """The first day of the next month."""
    return dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)


def months(count: int = MONTHS) -> list[Month]:
    """The present month and those before it, the oldest first."""
    first = now().astimezone(cases.zone()).date().replace(day=1)
    found = [Month(first)]
    while len(found) < count:
        last = found[-1].first
        found.append(Month(dt.date(last.year - (last.month == 1), (last.month - 2) % 12 + 1, 1)))
    return found[::-1]


def limit() -> int:
    """The smallest group that is told of."""
    return int(cases.settings("statistics")["smallest_group"])


def guarded(groups: Mapping[str, int], smallest: int) -> dict[str, int | None]:
    """Counts of groups, the small ones hidden; zero is told, for nobody is nobody.

    One hidden group alone could be worked out from a total: then the next smallest is hidden too.
    """
    shown: dict[str, int | None] = {k: (n if n == 0 or n >= smallest else HIDDEN) for k, n in groups.items()}
    hidden = [k for k, n in shown.items() if n is HIDDEN]
    told = sorted((n, k) for k, n in shown.items() if n)
    if len(hidden) == 1 and told:
        shown[told[0][1]] = HIDDEN
    return shown


def _month_of(column: Any) -> Any:
    return func.to_char(func.timezone(str(cases.zone()), column), "YYYY-MM")


def _by_month(column: Any, *where: Any, group: Any = None) -> dict[str, dict[str, int]]:
    month = _month_of(column).label("month")
    key = group if group is not None else func.text("all")
    since = months()[0].bounds(cases.zone())[0]
    rows = db.session.execute(
        select(month, key.label("key"), func.count().label("n")).where(column >= since, *where).group_by(month, key)
    ).all()
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.month, {})[str(row.key)] = row.n
    return found


def activity() -> list[dict[str, Any]]:
    """Requests of each month: how many came by the web and by telephone, for now and at a time, and were delivered."""
    smallest = limit()
    by_channel = _by_month(Case.created_at, group=Case.channel)
    by_kind = _by_month(Case.created_at, group=Case.kind)
    delivered = _by_month(UnitEntry.at, UnitEntry.step == quota.SPEND, group=UnitEntry.step)
    lines = []
    for month in months():
        channels = {k: by_channel.get(month.code, {}).get(k, 0) for k in ("web", "telephone")}
        kinds = {k: by_kind.get(month.code, {}).get(k, 0) for k in ("now", "appointment")}
        total = guarded({"asked": sum(channels.values())}, smallest)
        lines.append(
            {
                "month": month.code,
                **total,
                **guarded(channels, smallest),
                **guarded(kinds, smallest),
                **guarded({"delivered": delivered.get(month.code, {}).get(quota.SPEND, 0)}, smallest),
            }
        )
    return lines


def service_levels() -> list[dict[str, Any]]:
    """Of each month's promises of a call, how many were kept and missed; late but carried out is missed."""
    smallest = limit()
    mine = (Promise.subject_kind == cases.KIND, Promise.kind.in_((cases.CALL_BACK, cases.APPOINTMENT)))
    states = _by_month(Promise.due_at, *mine, group=Promise.state)
    lines = []
    for month in months():
        found = states.get(month.code, {})
        kept, missed = found.get("kept", 0), found.get("missed", 0)
        shown = guarded({"kept": kept, "missed": missed}, smallest) if kept + missed else {"kept": 0, "missed": 0}
        told = kept + missed >= smallest
        share = round(100 * kept / (kept + missed)) if told else HIDDEN if kept + missed else NOTHING
        lines.append(
            {
                "month": month.code,
                **(shown if told else dict.fromkeys(shown, HIDDEN) if kept + missed else shown),
                "share": share,
            }
        )
    return lines  # fmt: skip


def satisfaction() -> list[dict[str, Any]]:
    """Of each month, how many said how it was, and their average in tenths."""
    smallest = limit()
    month = _month_of(Score.at).label("month")
    since = months()[0].bounds(cases.zone())[0]
    rows = db.session.execute(
        select(month, func.count().label("n"), func.avg(Score.score).label("mean"))
        .where(Score.at >= since)
        .group_by(month)
    ).all()
    found = {r.month: (r.n, float(r.mean)) for r in rows}
    lines = []
    for one in months():
        n, mean = found.get(one.code, (0, 0.0))
        told = n >= smallest
        lines.append(
            {
                "month": one.code,
                "answers": n if told or not n else HIDDEN,
                "average": round(mean, 1) if told else HIDDEN if n else NOTHING,
            }
        )
    return lines  # fmt: skip


def quota_use(year: int) -> list[dict[str, Any]]:
    """How many covered people have used how many of their units in a year; who never came is in the first line."""
    smallest = limit()
    used = (Units.reserved + Units.spent).label("used")
    rows = db.session.execute(select(used, func.count().label("n")).where(Units.year == year).group_by(used)).all()
    counts = {int(r.used): r.n for r in rows}
    covered = db.session.execute(
        select(func.count()).select_from(Member).where(Member.removed_at.is_(None))
    ).scalar_one()
    allowed = quota.allowed_units()
    counts[0] = max(0, covered - sum(n for k, n in counts.items() if k))
    groups = {str(k): counts.get(k, 0) for k in range(max(allowed, *counts) + 1)}
    shown = guarded(groups, smallest)
    return [{"used": int(k), "people": n} for k, n in shown.items()]


def statement(month: Month) -> dict[str, Any]:
    """Units delivered in a month, from the ledger: the basis of the invoice. One figure, about nobody in particular."""
    first, last = month.bounds(cases.zone())
    units = db.session.execute(
        select(func.count())
        .select_from(UnitEntry)
        .where(UnitEntry.step == quota.SPEND, UnitEntry.at >= first, UnitEntry.at < last)
    ).scalar_one()
    return {"month": month.code, "units": units, "closed": last <= now()}


def statements() -> list[dict[str, Any]]:
    """The statements of the last months, the newest first."""
    return [statement(m) for m in reversed(months())]


EXPORTS: Mapping[str, tuple[str, ...]] = {
    "activity": ("month", "asked", "web", "telephone", "now", "appointment", "delivered"),
    "service_levels": ("month", "kept", "missed", "share"),
    "satisfaction": ("month", "answers", "average"),
    "quota_use": ("used", "people"),
    "statements": ("month", "units", "closed"),
}
"""The closed list of what leaves the house for the insurer: these columns and no other (IA-091, IA-092)."""


def lines_of(name: str) -> list[dict[str, Any]]:
    """The lines of one export. Raises KeyError for a name that is none."""
    made: dict[str, Any] = {
        "activity": activity,
        "service_levels": service_levels,
        "satisfaction": satisfaction,
        "quota_use": lambda: quota_use(cases.year_of(now())),
        "statements": statements,
    }
    lines: Sequence[dict[str, Any]] = made[name]()
    return [{column: line[column] for column in EXPORTS[name]} for line in lines]

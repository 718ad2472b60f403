"""What the insurer may know: figures of groups that are large enough, from the ledger, and nothing of anybody's health."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import db
from plugins.insurer_assistance import cases, doctoring, figures, quota, requesting
from plugins.insurer_assistance.models import Score

NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)


@pytest.mark.rule("IA-096", "IA-092")
@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(0, 60), max_size=8), st.integers(5, 20))
def test_no_small_group_is_told_nor_can_be_worked_out(groups, smallest):
    shown = figures.guarded(groups, smallest)
    assert all(n is None or n == 0 or n >= smallest for n in shown.values())
    assert all(n is None or n == groups[k] for k, n in shown.items())
    hidden = [k for k, n in shown.items() if n is None]
    told = [k for k, n in shown.items() if n]
    # From the total, one hidden group alone would be told: then there are two of them, or nothing else is told.
    assert len(hidden) != 1 or not told


@pytest.mark.rule("IA-091", "IA-092")
def test_the_columns_that_leave_the_house_are_these_and_no_other(mutual):
    assert dict(figures.EXPORTS) == {
        "activity": ("month", "asked", "web", "telephone", "now", "appointment", "delivered"),
        "service_levels": ("month", "kept", "missed", "share"),
        "satisfaction": ("month", "answers", "average"),
        "quota_use": ("used", "people"),
        "statements": ("month", "units", "closed"),
    }
    for name, columns in figures.EXPORTS.items():
        assert all(tuple(line) == columns for line in figures.lines_of(name))


def test_a_statement_counts_what_the_ledger_says_was_delivered_in_the_month_of_the_portal(clock, mutual, member):
    someone = member()
    clock.set(dt.datetime(2026, 10, 31, 22, 59, tzinfo=dt.UTC))  # 23:59 in Paris, winter time
    for instant in (
        dt.datetime(2026, 10, 31, 22, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC),
    ):
        clock.set(instant)
        act = uuid.uuid4()
        quota.reserve(someone.member.id, act, 2026)
        quota.spend(act)
    back = uuid.uuid4()
    quota.reserve(someone.member.id, back, 2026)
    quota.give_back(back)
    found = {line["month"]: line["units"] for line in figures.statements()}
    assert (found["2026-10"], found["2026-11"]) == (1, 2)


def test_twelve_months_end_with_this_one_over_a_new_year(clock, mutual):
    clock.set(dt.datetime(2027, 1, 15, 12, 0, tzinfo=dt.UTC))
    found = [m.code for m in figures.months()]
    assert (found[0], found[-2], found[-1], len(found)) == ("2026-02", "2026-12", "2027-01", 12)


def test_activity_and_levels_are_told_once_there_are_enough(clock, mutual, member, ask_for, doctor):
    clock.set(NOON)
    pro = doctor()
    for n in range(12):
        made = requesting.from_web(ask_for(member()))
        if n < 11:
            doctoring.take(pro.pro, made.id)
            doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
        if n == 5:
            db.session.flush()
            assert figures.activity()[-1]["asked"] is None
            assert figures.service_levels()[-1]["share"] is None
    line = figures.activity()[-1]
    assert (line["asked"], line["web"], line["telephone"], line["delivered"]) == (12, 12, 0, 0)
    levels = figures.service_levels()[-1]
    assert (levels["kept"], levels["missed"], levels["share"]) == (11, 0, 100)


def test_satisfaction_is_an_average_of_many_or_nothing(clock, mutual, member, ask_for):
    clock.set(NOON)
    for n in range(10):
        case = requesting.from_web(ask_for(member()))
        cases.close(case, "delivered", "professional")
        db.session.add(Score(case_id=case.id, score=4 + n % 2, at=NOON))
        db.session.flush()
        told = figures.satisfaction()[-1]
        assert told["average"] == (4.5 if n == 9 else None)


def test_late_counts_as_missed_also_where_nobody_looked_in_between(clock, mutual, member, ask_for, doctor):
    clock.set(NOON)
    pro = doctor()
    for _ in range(10):
        made = requesting.from_web(ask_for(member()))
        doctoring.take(pro.pro, made.id)
        clock.move(minutes=31)
        doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
    levels = figures.service_levels()[-1]
    assert (levels["kept"], levels["missed"], levels["share"]) == (0, 10, 0)

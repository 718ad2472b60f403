"""What goes wrong on the telephone: two at once, a nurse and a doctor at once, nobody answers, a doctor who does not come."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest

from core.care.consultations.models import Consultation
from core.db import db
from core.plugin_api.acts import Moved
from core.plugin_api.pages import Refused
from core.tenancy import current
from plugins.insurer_assistance import cases, doctoring, following, intake, quota, requesting, triage
from plugins.insurer_assistance.models import Case

pytestmark = pytest.mark.usefixtures("mutual")
WEEKDAY = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def registered(clock, member, staff, call_of):
    """A call that waits for a nurse: (case, member)."""
    clock.set(WEEKDAY)

    def make():
        someone = member()
        made = intake.save(intake.read(call_of(someone)), staff("agent").id, uuid.uuid4(), language="fr")
        db.session.commit()
        return made, someone

    return make


def together(app, tenant_id, *works):
    """Run each in a thread with a connection of its own, at the same instant; what each of them said."""
    gate = threading.Barrier(len(works))
    said: list[str] = [""] * len(works)

    def run(number, work):
        with app.app_context(), current.entered(tenant_id):
            gate.wait()
            try:
                work()
                db.session.commit()
                said[number] = "done"
            except (Moved, Refused) as no:
                db.session.rollback()
                said[number] = type(no).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n, w)) for n, w in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    return said


def test_two_nurses_take_one_call_and_one_has_it(app, mutual, registered, staff):
    made, _someone = registered()
    nurses = [staff("nurse").id for _ in range(4)]
    said = together(app, mutual.id, *[lambda n=n: triage.take(n, made.id) for n in nurses])
    assert sorted(said) == ["Moved", "Moved", "Moved", "done"]
    row = db.session.get(Case, (made.tenant_id, made.id))
    assert row.nurse_account_id == nurses[said.index("done")]


@pytest.mark.rule("IA-027")
def test_a_call_closed_twice_at_once_has_one_outcome(app, mutual, registered, staff):
    made, someone = registered()
    nurse = staff("nurse").id
    triage.take(nurse, made.id)
    db.session.commit()
    said = together(
        app, mutual.id,
        lambda: triage.close(nurse, made.id, triage.ORIENTATION, "Repos"),
        lambda: triage.close(nurse, made.id, triage.CONNECT),
        lambda: triage.exclude(nurse, made.id, "contract"),
    )  # fmt: skip
    assert sorted(said) == ["Moved", "Moved", "done"]
    row = db.session.get(Case, (made.tenant_id, made.id))
    assert row.nurse_outcome == ("orientation_only", "connect_to_doctor", "excluded")[said.index("done")]
    task = db.session.get(Consultation, (made.tenant_id, made.id))
    assert (task is not None) == (row.state == "to_doctor") == bool(quota.balance(someone.member.id, 2026).reserved)


@pytest.mark.rule("IA-036", "IA-076")
def test_the_nurse_hands_over_while_a_doctor_takes_it(app, mutual, registered, staff, doctor):
    made, someone = registered()
    nurse, pro = staff("nurse").id, doctor()
    triage.take(nurse, made.id)
    triage.close(nurse, made.id, triage.CONNECT)
    db.session.commit()
    said = together(
        app, mutual.id,
        lambda: doctoring.emergency(nurse, made.id),
        lambda: doctoring.take(pro.pro, made.id),
        lambda: triage.close(nurse, made.id, triage.ORIENTATION, "trop tard"),
    )  # fmt: skip
    assert said[0] == "done"
    assert said[2] == "Moved"
    row = db.session.get(Case, (made.tenant_id, made.id))
    assert (row.state, row.outcome) == ("closed", "emergency")
    assert db.session.get(Consultation, (made.tenant_id, made.id)).state == "cancelled"
    assert quota.balance(someone.member.id, 2026).used == 0


@pytest.mark.rule("IA-036")
def test_the_transfer_while_the_nurse_sends_it_to_the_doctors(app, mutual, registered, staff):
    """Whether a doctor was asked is only known once the case is held: nothing is left in the pool."""
    made, someone = registered()
    nurse = staff("nurse").id
    triage.take(nurse, made.id)
    db.session.commit()
    said = together(
        app, mutual.id,
        lambda: triage.close(nurse, made.id, triage.CONNECT),
        lambda: doctoring.emergency(nurse, made.id),
    )  # fmt: skip
    assert said[1] == "done"
    task = db.session.get(Consultation, (made.tenant_id, made.id))
    assert task is None or task.state == "cancelled"
    assert db.session.get(Case, (made.tenant_id, made.id)).outcome == "emergency"
    assert quota.balance(someone.member.id, 2026).used == 0


@pytest.mark.parametrize("_again", range(3))
def test_the_person_takes_it_back_while_the_nurse_sends_it_to_the_doctors(app, mutual, registered, staff, _again):
    """Nothing of a case that was taken back is left in the pool, and no unit reserved."""
    made, someone = registered()
    nurse = staff("nurse").id
    triage.take(nurse, made.id)
    db.session.commit()
    said = together(
        app, mutual.id,
        lambda: triage.close(nurse, made.id, triage.CONNECT),
        lambda: doctoring.withdraw(someone.account.id, made.id),
    )  # fmt: skip
    assert said[1] == "done" and said[0] in ("done", "Moved")
    task = db.session.get(Consultation, (made.tenant_id, made.id))
    assert task is None or task.state == "cancelled"
    assert db.session.get(Case, (made.tenant_id, made.id)).outcome == "cancelled"
    assert quota.balance(someone.member.id, 2026).used == 0


@pytest.mark.rule("IA-032")
def test_three_calls_without_an_answer_with_a_pause_between_then_the_unit_comes_back(clock, member, doctor, ask_for):
    clock.set(dt.datetime(2026, 11, 28, 23, 55, tzinfo=dt.UTC))  # around midnight in UTC and in Paris
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(pro.pro, made.id)
    for n in range(3):
        doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
        if n < 2:
            clock.move(minutes=9)
            with pytest.raises(Refused, match="Please wait until"):
                doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
            clock.move(minutes=1)
    assert (made.state, made.outcome) == ("closed", "not_reached")
    assert quota.balance(someone.member.id, 2026).used == 0
    assert cases.attempt_counts([made]) == {made.id: 3}


@pytest.mark.rule("IA-032", "IA-012")
def test_a_doctor_who_does_not_come_loses_the_case_and_another_may_take_it(clock, member, doctor, ask_for):
    clock.set(WEEKDAY)
    late, other = doctor(), doctor()
    made = requesting.from_web(ask_for(member()))
    db.session.commit()
    doctoring.take(late.pro, made.id)
    clock.move(minutes=39)
    following.watch()
    assert made.taken_at is not None
    clock.move(minutes=2)
    following.watch()
    assert (made.taken_at, made.escalated_at is not None) == (None, True)
    with pytest.raises(Moved):
        doctoring.take(late.pro, made.id)
    doctoring.take(other.pro, made.id)


def test_the_desks_ask_the_database_as_often_for_many_as_for_few(clock, member, doctor, staff, ask_for, visit):
    from sqlalchemy import event

    clock.set(WEEKDAY)
    agent, pro = staff("agent"), doctor()
    pages = {"phone": visit(agent), "desk": visit(pro.account)}
    asked: dict[str, list[int]] = {"phone": [], "desk": []}
    for more in (1, 6):
        for _ in range(more):
            requesting.from_web(ask_for(member()))
        db.session.commit()
        for path, page in pages.items():
            page.get(f"/x/insurer_assistance/{path}")
            log: list[str] = []

            def noted(_c, _cursor, statement, *_more, log=log):
                log.append(statement)

            event.listen(db.engine, "before_cursor_execute", noted)
            try:
                assert page.get(f"/x/insurer_assistance/{path}").status_code == 200
            finally:
                event.remove(db.engine, "before_cursor_execute", noted)
            asked[path].append(len(log))
    for path, (few, many) in asked.items():
        assert many <= few + 1, (path, few, many)

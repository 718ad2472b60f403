"""Who may see a record: what the patient allows, for how long, until they take it back; and who looked."""

import datetime as dt

import pytest
from sqlalchemy import exc
from werkzeug.exceptions import NotFound

from core import clock
from core.care.record import looks, service
from core.care.record.models import RecordAccess, RecordGrant
from core.db import db
from core.directory import service as directory
from core.identity import accounts, dependants
from core.scheduling import booking, slots
from core.testing.makers import MONDAY, choice, make_account, make_professional
from core.web.frame import Refused


def access(made, subject, *, strong=True):
    return service.may_read(made.pro.id, subject.person_id, strong=strong)


def told(found):
    return {r.code for r in found.profile.reasons}


@pytest.mark.rule("CB-128", "CB-073", "CB-205")
def test_only_who_is_allowed_sees_the_record(hers, doctor, colleague, consulted):
    consulted(hers, doctor)
    consulted(hers, colleague)
    service.grant(hers, doctor.pro.id)
    assert access(doctor, hers).whole
    assert not access(colleague, hers).whole
    assert told(access(colleague, hers)) == {"no_grant"}


@pytest.mark.rule("CB-074")
def test_a_sign_in_with_one_factor_sees_nothing(hers, doctor, consulted):
    consulted(hers, doctor)
    service.grant(hers, doctor.pro.id)
    weak = access(doctor, hers, strong=False)
    assert not weak.whole
    assert told(weak) == {"weak_sign_in"}
    assert not weak.own.permitted


@pytest.mark.rule("CB-205")
def test_a_grant_ends_by_itself(hers, doctor):
    with clock.at(MONDAY):
        service.grant(hers, doctor.pro.id, days=30)
        assert access(doctor, hers).whole
    end = MONDAY + dt.timedelta(days=30)
    with clock.at(end - dt.timedelta(microseconds=1)):
        assert access(doctor, hers).whole
    with clock.at(end):
        assert not access(doctor, hers).whole
        assert [x.state for x in service.grants_of(hers.person_id)] == ["run_out"]
        assert service.open_to(doctor.pro.id) == []
        service.grant(hers, doctor.pro.id)
    with clock.at(end + dt.timedelta(days=3000)):
        assert access(doctor, hers).whole


@pytest.mark.rule("CB-205", "CB-204")
def test_taking_back_holds_at_once_and_leaves_the_own_part(hers, anna, doctor, colleague, consulted):
    mine, theirs = consulted(hers, doctor), consulted(hers, colleague, days=2)
    grant_id = service.grant(hers, doctor.pro.id)
    assert [d.consultation_id for d in service.history_for(access(doctor, hers))] == [mine, theirs]
    service.withdraw(anna.id, grant_id)
    service.withdraw(anna.id, grant_id)
    after = access(doctor, hers)
    assert not after.whole
    assert [d.consultation_id for d in service.history_for(after)] == [mine]
    assert not service.may_read_consultation(doctor.pro.id, theirs, strong=True)
    assert service.may_read_consultation(doctor.pro.id, mine, strong=True)


@pytest.mark.rule("CB-279")
def test_an_objection_closes_to_all_at_once_and_can_be_lifted(hers, doctor, consulted):
    consulted(hers, doctor)
    service.grant(hers, doctor.pro.id)
    service.object_to_sharing(hers.person_id, True)
    closed = access(doctor, hers)
    assert told(closed) == {"sharing_objected"}
    assert closed.own.permitted
    service.object_to_sharing(hers.person_id, False)
    assert access(doctor, hers).whole


def test_all_that_stands_against_it_is_told(hers, doctor):
    service.object_to_sharing(hers.person_id, True)
    assert told(access(doctor, hers, strong=False)) == {"no_grant", "sharing_objected", "weak_sign_in"}


def test_a_grant_on_one_person_opens_no_other(hers, anna, child, doctor):
    his = service.subject_of(anna.id, child.id)
    service.grant(his, doctor.pro.id)
    assert access(doctor, his).whole
    assert not access(doctor, hers).whole


def test_a_dependant_who_left_the_account_is_no_longer_shared(anna, child, doctor):
    his = service.subject_of(anna.id, child.id)
    grant_id = service.grant(his, doctor.pro.id)
    dependants.remove(anna.id, child.id)
    db.session.flush()
    assert not access(doctor, his).whole
    assert service.open_to(doctor.pro.id) == []
    with pytest.raises(NotFound):
        service.withdraw(anna.id, grant_id)


def test_a_closed_account_shares_nothing(hers, anna, doctor):
    service.grant(hers, doctor.pro.id)
    accounts.by_id(anna.id).state = "closed"
    db.session.flush()
    assert not access(doctor, hers).whole


def test_a_new_end_takes_the_place_of_the_old_one(hers, doctor):
    first = service.grant(hers, doctor.pro.id, days=1)
    second = service.grant(hers, doctor.pro.id)
    (shown,) = service.grants_of(hers.person_id)
    assert (shown.id, shown.until) == (second, None)
    assert (
        db.session.get(RecordGrant, (db.session.get(RecordGrant, (1, first)).tenant_id, first)).replaced_at is not None
    )


def test_two_open_grants_for_one_professional_cannot_be(hers, doctor, anna):
    service.grant(hers, doctor.pro.id)
    db.session.add(
        RecordGrant(
            person_id=hers.person_id, granted_by=anna.id, professional_id=doctor.pro.id, scope="profile", since=clock.now()
        )
    )  # fmt: skip
    with pytest.raises(exc.IntegrityError):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize("days", [0, -1, 2, 10**6])
def test_a_time_that_the_portal_does_not_offer_is_refused(hers, doctor, days):
    with pytest.raises(Refused):
        service.grant(hers, doctor.pro.id, days=days)
    assert not access(doctor, hers).whole


def test_who_is_not_listed_cannot_be_allowed(hers, doctor):
    doctor.pro.listed = False
    db.session.flush()
    with pytest.raises(NotFound):
        service.grant(hers, doctor.pro.id)


def test_somebody_elses_grant_is_not_found(hers, doctor):
    grant_id = service.grant(hers, doctor.pro.id)
    other = make_account()
    with pytest.raises(NotFound):
        service.withdraw(other.id, grant_id)
    assert access(doctor, hers).whole


# -- the history ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-203", "CB-040")
def test_the_record_is_what_has_a_report(hers, doctor, consulted):
    done = consulted(hers, doctor)
    refunded = consulted(hers, doctor, "refunded", days=2)
    consulted(hers, doctor, "awaiting_report", report=False)
    consulted(hers, doctor, "in_progress", report=False)
    consulted(hers, doctor, "completed", report=False)
    service.grant(hers, doctor.pro.id)
    assert [d.consultation_id for d in service.history(hers.person_id)] == [done, refunded]
    assert service.history_for(access(doctor, hers)) == service.history(hers.person_id)


def test_of_a_corrected_report_the_newest_counts(hers, doctor, consulted):
    consulted(hers, doctor, report=3)
    (done,) = service.history(hers.person_id)
    assert done.report_version == 3


@pytest.mark.rule("CB-206")
def test_each_person_has_a_history_apart(hers, anna, child, doctor, consulted):
    his = service.subject_of(anna.id, child.id)
    mother, son = consulted(hers, doctor), consulted(his, doctor)
    assert [d.consultation_id for d in service.history(hers.person_id)] == [mother]
    assert [d.consultation_id for d in service.history(his.person_id)] == [son]
    assert [p for _d, p, _n in service.subjects_of(anna.id)] == [hers.person_id, his.person_id]


@pytest.mark.rule("CB-204", "CB-205")
def test_the_own_part_is_the_own_part(hers, doctor, colleague, consulted):
    mine, theirs = consulted(hers, doctor), consulted(hers, colleague)
    assert [d.consultation_id for d in service.own_history(doctor.pro.id, hers.person_id)] == [mine]
    assert service.history_for(access(doctor, hers)) == service.own_history(doctor.pro.id, hers.person_id)
    assert not service.may_read_consultation(doctor.pro.id, theirs, strong=True)
    service.grant(hers, doctor.pro.id)
    assert service.may_read_consultation(doctor.pro.id, theirs, strong=True)


def test_who_is_met_often_comes_first(hers, anna, doctor, colleague, consulted):
    with clock.at(MONDAY):
        from core.testing.makers import Booker, PatientFacts

        booker = Booker(
            anna.id, hers.person_id, PatientFacts(category="fr_resident", birth_date=dt.date(1980, 5, 1), country="FR")
        )
        free = slots.next_free(doctor.pro.id, "in_person", 20, slots.earliest())[0]
        booking.book(booker, **choice(doctor, free.starts_at))
    consulted(hers, doctor)
    consulted(hers, colleague)
    consulted(hers, colleague, "cancelled", report=False)
    assert [(p.id, n) for p, n in service.frequent(anna.id)] == [(doctor.pro.id, 2), (colleague.pro.id, 1)]


# -- advice among professionals ---------------------------------------------------------------------------------------


@pytest.mark.rule("CB-132", "CB-122")
def test_a_document_for_advice_reaches_who_is_allowed_after_the_agreement(hers, colleague):
    def may(strong=True):
        return service.may_receive(colleague.pro.id, hers.person_id, strong=strong)

    service.grant(hers, colleague.pro.id)
    assert {r.code for r in may().reasons} == {"no_tele_expertise"}
    service.agree_to_tele_expertise(hers.person_id, True)
    assert may().permitted
    assert not may(strong=False).permitted
    stranger = make_professional()
    assert not service.may_receive(stranger.pro.id, hers.person_id, strong=True).permitted
    service.agree_to_tele_expertise(hers.person_id, False)
    assert not may().permitted


# -- who looked -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-073")
def test_looks_and_refusals_are_listed_once_a_day_with_their_times(hers, doctor):
    with clock.at(MONDAY):
        service.note_access(access(doctor, hers), "profile")
        service.grant(hers, doctor.pro.id)
        service.note_access(access(doctor, hers), "profile")
    with clock.at(MONDAY + dt.timedelta(minutes=5)):
        service.note_access(access(doctor, hers), "profile")
    with clock.at(MONDAY + dt.timedelta(days=1)):
        service.note_access(access(doctor, hers), "profile")
    db.session.commit()
    found = service.looks_of(hers.person_id)
    assert [(x.did, x.why, x.times) for x in found] == [
        ("read", "patient_allowed", 1), ("read", "patient_allowed", 2), ("refused", "no_grant", 1),
    ]  # fmt: skip
    assert (found[1].at, found[1].last_at) == (MONDAY, MONDAY + dt.timedelta(minutes=5))


def test_a_look_has_somebody_who_looked(hers):
    with pytest.raises(ValueError, match="somebody"):
        service.note(hers.person_id, "profile", "x")


def test_a_look_is_never_undone(hers, doctor):
    from sqlalchemy import text

    service.note(hers.person_id, "profile", "patient_allowed", professional_id=doctor.pro.id)
    db.session.commit()
    for statement in ("DELETE FROM record_accesses", "UPDATE record_accesses SET did = 'read'"):
        with pytest.raises(exc.ProgrammingError, match="permission denied"):
            db.session.execute(text(statement))
        db.session.rollback()
    assert db.session.query(RecordAccess).count() == 1


def test_a_patient_on_the_list_is_related_and_nothing_is_opened(hers, doctor):
    assert not service.related(doctor.pro.id, hers)
    directory.link_patient(doctor.pro.id, hers.account_id, "invited")
    assert service.related(doctor.pro.id, hers)
    assert not access(doctor, hers).whole


def test_an_unknown_professional_may_nothing(hers):
    found = looks.may_read(hers.person_id, hers.person_id, strong=True)
    assert not found.whole
    assert not found.own.permitted

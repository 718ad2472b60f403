"""Offices that a professional attaches, the two forms of a call, what a call leaves behind, dependants without a login."""

import datetime as dt
import uuid

import pytest
from sqlalchemy import LargeBinary, func, select

from core.care.consultations import appointments, calls, messages, reports, requests
from core.care.rooms import service as rooms
from core.care.rooms.models import Room, RoomDelivery
from core.db import db
from core.directory import service as directory
from core.identity import dependants
from core.identity.models import Account, Dependant
from core.jobs import outbox
from core.money import service as money
from core.scheduling import hours, slots
from core.testing.makers import fill_profile, make_account, make_professional, sign_in_as


@pytest.mark.rule("CB-012", "CB-013")
def test_an_office_in_person_opens_an_agenda_and_a_virtual_one_needs_none(inside, ask, patient):
    made = make_professional()
    pro = made.pro
    place = directory.add_practice(
        pro, mode="in_person", name="Second", street="2 rue B", postal_code="54000", city="Nancy", country="FR", time_zone="Europe/Paris",
    )  # fmt: skip
    assert not any(
        s.practice_id == place.id for s in slots.next_free(pro.id, "in_person", 20, slots.earliest(), count=50)
    )
    hours.add_hours(
        pro, place, weekday=1, opens=dt.time(14), closes=dt.time(18), grid_minutes=20, services=["in_person"],
        valid_from=dt.date(2026, 1, 1),
    )  # fmt: skip
    db.session.commit()
    found = slots.next_free(pro.id, "in_person", 20, slots.earliest(), count=400)
    assert any(s.practice_id == place.id for s in found)
    directory.add_practice(pro, mode="virtual", name="Video", country="FR", time_zone="Europe/Paris")
    money.set_tariff(pro.id, "video_consultation", 2500)
    db.session.commit()
    assert slots.next_free(pro.id, "video_consultation", 20, slots.earliest()) == [], "no agenda by video"
    assert ask(patient(), pro, service="video_consultation").state == "requested"


@pytest.mark.rule("CB-167")
def test_video_is_asked_for_at_once_or_booked(inside, frontalia, browse, ask, patient):
    made = make_professional(service="video_consultation")
    money.set_tariff(made.pro.id, "video_consultation", 0)
    account = make_account(language="en")
    fill_profile(account.id)
    db.session.commit()
    row = ask(patient(), made.pro, service="video_consultation", highest=0)
    assert requests.decline(made.pro, row.id).state == "declined", "on demand it may be declined"
    db.session.commit()
    free = slots.next_free(made.pro.id, "video_consultation", 20, slots.earliest())[0]
    from core.scheduling import booking
    from core.testing.makers import choice

    booked = booking.book(patient(), **choice(made, free.starts_at))
    db.session.commit()
    outbox.drain()
    assert appointments.of_appointment(booked.id).form == "appointment"
    visitor = browse()
    sign_in_as(visitor, frontalia.id, account)
    page = visitor.text(visitor.get("/consultations"))
    assert "#camera-video" in page
    assert "/ask/video_consultation" in page


@pytest.mark.rule("CB-178", "CB-164")
def test_of_a_call_only_words_documents_and_the_report_are_kept(ask, doctor, patient):
    pro, booker = doctor(), patient()
    row = ask(booker, pro, service="video_consultation")
    requests.accept(pro, row.id)
    db.session.commit()
    outbox.drain()
    room = rooms.of_subject(row.id)
    rooms.start(room, pro.account_id)
    messages.post(booker.account_id, row.id, "Voici")
    rooms.end(room, "professional", pro.account_id)
    db.session.commit()
    assert calls.ended(row.id).state == "awaiting_report"
    reports.save(pro, row.id, {"conclusion": "Bien."})
    db.session.commit()
    for model in (Room, RoomDelivery):
        assert not any(isinstance(c.type, LargeBinary) for c in model.__table__.columns), (
            "a room has no place for picture or sound"
        )
    kept = db.session.execute(select(RoomDelivery.media, RoomDelivery.what).order_by(RoomDelivery.at)).all()
    assert {tuple(k) for k in kept} == {("video", "chosen")}
    assert [m.text for m in messages.of(row)] == ["Voici"]
    assert len(reports.versions(row.id)) == 1


@pytest.mark.rule("CB-207", "CB-206")
def test_a_dependant_has_no_login_and_a_history_apart(inside, doctor, ask):
    from core.care.consultations import lists
    from core.care.record import service as record
    from core.scheduling import people

    account = make_account(language="en")
    data = {
        "first_name": "Ben",
        "last_name": "Amsel",
        "birth_date": "2018-04-01",
        "sex": "male",
        "relation": "parent",
        "declared": "yes",
    }
    before = db.session.execute(select(func.count()).select_from(Account)).scalar_one()
    child = dependants.add_dependant(account.id, data)
    fill_profile(account.id, child.id)
    money.credit(account.id, uuid.uuid4(), 5000)
    db.session.commit()
    assert db.session.execute(select(func.count()).select_from(Account)).scalar_one() == before
    assert not {"email_blind", "password_hash", "totp_sealed"} & set(Dependant.__table__.columns.keys())
    pro = doctor(country="LU")
    row = ask(people.booker(account.id, child.id), pro)
    requests.accept(pro, row.id)
    reports.save(pro, row.id, {"conclusion": "Bien."})
    db.session.commit()
    assert row.person_id == child.person_id
    assert [d.consultation_id for d in record.history(child.person_id)] == [row.id]
    assert record.history(account.person_id) == []
    assert [e.row.id for e in lists.of_patient(account.id)[1]] == [row.id]

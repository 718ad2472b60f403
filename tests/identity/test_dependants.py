"""People a patient acts for: minors under the portal's age, adults under protection, nobody else."""

import datetime as dt
import uuid

import pytest
from werkzeug.exceptions import NotFound

from core import clock
from core.identity import dependants, people, profile
from core.web.frame import Refused


def born(years, days=0):
    today = clock.today("Europe/Paris")
    return (today.replace(year=today.year - years) + dt.timedelta(days=days)).isoformat()


def form(birth_date, relation="parent", **changed):
    return {
        "first_name": "Léa",
        "last_name": "Schmit",
        "birth_date": birth_date,
        "sex": "female",
        "relation": relation,
        "declared": "yes",
    } | changed


CASES = [
    (born(5), "parent", 302),
    (born(16, 1), "parent", 302),
    (born(5), "curator", 422),
    (born(16), "parent", 422),
    (born(17), "guardian", 422),
    (born(18), "parent", 422),
    (born(18), "guardian", 302),
    (born(80), "mandate", 302),
    ("2099-01-01", "parent", 422),
    ("", "parent", 422),
    (born(5), "friend", 422),
]


@pytest.mark.parametrize(("birth_date", "relation", "status"), CASES)
def test_who_can_be_added(account, signed_in, rows, birth_date, relation, status):
    made = account()
    b = signed_in(made)
    assert b.post("/account/dependants", form(birth_date, relation)).status_code == status
    listed = rows(lambda: dependants.listed(made.id))
    assert len(listed) == (1 if status == 302 else 0)
    if listed:
        assert listed[0].name == "Léa Schmit"
        assert "Léa Schmit" in b.text(b.get("/account/dependants"))


def test_the_service_refuses_too(account, rows):
    made = account()
    with pytest.raises(Refused):
        rows(lambda: dependants.add_dependant(made.id, form(born(17))))


def test_a_dependant_is_sealed_with_a_key_of_their_own(account, rows):
    made = account()
    row = rows(lambda: dependants.add_dependant(made.id, form(born(5))))
    assert row.person_id != made.person_id
    assert "Léa".encode() not in row.sealed


def test_decisions_see_the_childs_age_and_the_holders_category(account, rows):
    made = account()
    child = rows(lambda: dependants.add_dependant(made.id, form(born(5))).id)
    facts = rows(lambda: profile.patient_facts(made.id, child))
    assert facts.birth_date.isoformat() == born(5)
    assert facts.category == "other"
    assert rows(lambda: people.display_name(made.id, child)) == "Léa Schmit"


def test_a_stranger_s_dependant_is_not_there(account, signed_in, rows):
    made, other = account(), account(email="berta@example.org")
    child = rows(lambda: dependants.add_dependant(made.id, form(born(5))).id)
    b = signed_in(other)
    assert b.post(f"/account/dependants/{child}/remove").status_code == 404
    assert b.post(f"/account/dependants/{uuid.uuid4()}/remove").status_code == 404
    with pytest.raises(NotFound):
        rows(lambda: profile.patient_facts(other.id, child))
    assert len(rows(lambda: dependants.listed(made.id))) == 1
    signed_in(made).post(f"/account/dependants/{child}/remove")
    assert rows(lambda: dependants.listed(made.id)) == []

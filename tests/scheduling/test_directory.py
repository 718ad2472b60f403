"""Searching, marking, inviting: free choice, no sponsored rank, accents that do not matter."""

import pytest

from core.db import db
from core.directory import service as directory
from core.scheduling import search
from core.testing.makers import make_account, make_booker, make_professional, signed_in


def names(found):
    return [h.professional.name for h in found.hits]


@pytest.mark.rule("CB-133")
def test_search_by_specialty_name_without_accents_and_place(inside, monday, browse):
    made = make_professional()
    pro = made.pro
    for criteria in (
        search.Criteria(text="eloise"),
        search.Criteria(text="CHATELET"),
        search.Criteria(text="médecine generale"),
        search.Criteria(specialty="general_practice"),
        search.Criteria(place="metz"),
        search.Criteria(place="570"),
        search.Criteria(service="in_person", country="FR"),
    ):
        assert pro.name in names(search.find(criteria, None)), criteria
    for criteria in (
        search.Criteria(text="eloise%"),
        search.Criteria(place="Nancy"),
        search.Criteria(specialty="dermatology"),
        search.Criteria(text="_"),
    ):
        assert names(search.find(criteria, None)) == [], criteria
    page = browse().get("/professionals").get_data(as_text=True)
    assert "not exhaustive" in page
    assert "publish their own details" in page


@pytest.mark.rule("CB-110")
def test_who_is_not_listed_is_not_found(inside, monday):
    made = make_professional()
    made.pro.listed = False
    db.session.commit()
    assert names(search.find(search.Criteria(), None)) == []
    assert directory.access_professional(made.pro.id) is None


@pytest.mark.rule("CB-121")
def test_equal_matches_stand_in_the_order_of_their_names_whatever_they_pay(inside, monday):
    first, second = make_professional().pro, make_professional().pro
    first.name, second.name = "Zoé Zimmer", "Anne Abel"
    db.session.commit()
    assert names(search.find(search.Criteria(soonest=False), None)) == ["Anne Abel", "Zoé Zimmer"]
    assert names(search.find(search.Criteria(), None)) == ["Anne Abel", "Zoé Zimmer"]
    assert not {c.name for c in type(first).__table__.columns} & {"rank", "boost", "sponsored", "subscription"}


@pytest.mark.rule("CB-147", "CB-192")
def test_what_is_possible_comes_first_and_the_rest_says_why(inside, monday):
    french, luxembourgish = make_professional().pro, make_professional(country="LU").pro
    found = search.find(search.Criteria(), make_booker("fr_resident"))
    assert [h.professional.id for h in found.hits] == [french.id]
    assert [h.professional.id for h in found.closed] == [luxembourgish.id]
    assert all(not d.permitted and d.reasons for d in found.closed[0].possible.values())
    both = search.find(search.Criteria(), make_booker("fr_cross_border"))
    assert {h.professional.id for h in both.hits} == {french.id, luxembourgish.id}


@pytest.mark.rule("CB-126")
def test_nobody_available_says_what_to_do_and_that_nothing_is_charged(browse, portals):
    page = browse().get("/professionals?specialty=dermatology").get_data(as_text=True)
    assert "choose another professional, or try again later" in page
    assert "Nothing is charged" in page


@pytest.mark.rule("CB-039")
def test_a_marked_professional_stands_once_in_the_list(inside, monday):
    pro, patient = make_professional().pro, make_account()
    directory.mark_favourite(patient.id, pro.id)
    directory.mark_favourite(patient.id, pro.id, "invited")
    assert [f.id for f in directory.favourites_of(patient.id)] == [pro.id]
    assert directory.favourites_of(make_account().id) == []
    directory.unmark_favourite(patient.id, pro.id)
    assert directory.favourites_of(patient.id) == []


@pytest.mark.rule("CB-127")
def test_an_invited_professional_who_joins_is_frequent_for_the_patient(inside, monday):
    patient = make_account()
    directory.invite(patient.id, "professional", "Dr.New@Example.org")
    made = make_professional()
    assert directory.accept_invitations(made.account.id, "professional", "dr.new@example.org") == 1
    assert directory.accept_invitations(made.account.id, "professional", "dr.new@example.org") == 0
    assert [f.id for f in directory.favourites_of(patient.id)] == [made.pro.id]


@pytest.mark.rule("CB-130")
def test_an_invited_patient_stands_on_the_list_and_nothing_more(inside, monday):
    made = make_professional()
    directory.invite(made.account.id, "patient", "anna@example.org")
    patient = make_account(email="anna@example.org")
    assert directory.accept_invitations(patient.id, "patient", "anna@example.org") == 1
    assert [a for a, _way, _since in directory.patients_of(made.pro.id)] == [patient.id]
    assert directory.knows(made.pro.id, patient.id)


def test_an_invitation_expires_and_keeps_no_address(inside, monday):
    import datetime as dt

    from core import clock
    from core.directory.models import Invitation

    token = directory.invite(make_account().id, "professional", "someone@example.org")
    row = directory.invitation_of(token)
    assert b"someone" not in row.email_blind
    assert token.encode() not in row.token_digest
    with clock.at(clock.now() + dt.timedelta(days=directory.INVITATION_DAYS + 1)):
        assert directory.invitation_of(token) is None
    assert db.session.query(Invitation).count() == 1


def test_two_numbers_of_two_persons_are_never_joined(inside, monday):
    from core.web.frame import Refused

    first = directory.link_practitioner([("FR", "10000000017")])
    assert directory.link_practitioner([("FR", "10000000017")]) == first
    directory.link_practitioner([("FR", "19999999998")])
    with pytest.raises(Refused):
        directory.link_practitioner([("FR", "10000000017"), ("FR", "19999999998")])


@pytest.mark.rule("CB-046")
def test_only_a_physician_can_offer_teleconsultations_and_none_is_preset(inside, monday):
    from core.web.frame import Refused

    physician, allied = make_professional().pro, make_professional(kind="allied").pro
    assert "teleconsultation" not in physician.services
    wanted = {
        "presentation": {},
        "languages": ["fr"],
        "services": ["in_person", "teleconsultation"],
        "booking_open": True,
    }
    directory.edit_profile(physician, **wanted)
    with pytest.raises(Refused):
        directory.edit_profile(allied, **wanted)


@pytest.mark.rule("CB-089")
def test_the_patient_space_leads_to_what_this_portal_has(browse, frontalia):
    visitor = browse()
    signed_in(visitor, frontalia.id)
    for path in (
        "/home",
        "/professionals",
        "/appointments",
        "/account",
        "/account/dependants",
        "/account/notifications",
        "/invite",
        "/decisions",
    ):
        assert visitor.get(path).status_code == 200, path

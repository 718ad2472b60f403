"""The health profile: which registers there are, what counts as an answer, who wrote, what stays."""

import datetime as dt

import pytest
from werkzeug.exceptions import NotFound

from core import clock
from core.care.record import entries, schemas, service
from core.care.record.models import HealthEntry
from core.db import db
from core.identity import accounts, people
from core.tenancy import keys
from core.testing.makers import make_account, make_professional
from core.web.frame import Refused
from tests.care.record.conftest import ANSWERS, LISTS, MANDATORY

ALL_OPTIONAL = {"vaccines", "surgery", "ophthalmology", "lifestyle", "images_and_documents"}


def codes(registers):
    return [r.code for r in registers]


def current(subject, code):
    return service.state_of(subject, entries.register_of(subject, code))


@pytest.mark.rule("CB-197", "CB-072")
def test_all_five_are_missing_at_first_and_named(hers):
    assert codes(service.missing_for(hers.person_id, hers.account_id)) == list(MANDATORY)


@pytest.mark.rule("CB-197")
@pytest.mark.parametrize("code", MANDATORY)
def test_each_mandatory_register_left_empty_is_missing(hers, herself, filled, code):
    filled(hers, herself, but=(code,))
    assert codes(service.missing_for(hers.person_id, hers.account_id)) == [code]
    assert codes(service.profile_of(hers).missing) == [code]


@pytest.mark.rule("CB-197", "CB-198")
@pytest.mark.parametrize("code", LISTS)
def test_none_is_an_answer(hers, herself, filled, code):
    filled(hers, herself, but=(code,))
    service.declare_none(hers, code, herself)
    assert service.missing_for(hers.person_id, hers.account_id) == []
    assert current(hers, code).none
    assert not ALL_OPTIONAL & {s.register.code for s in service.profile_of(hers).registers if s.entries}


def test_body_measurements_have_no_none(hers, herself):
    with pytest.raises(NotFound):
        service.declare_none(hers, "biometrics", herself)


@pytest.mark.rule("CB-197")
@pytest.mark.parametrize("left_out", sorted(ANSWERS["biometrics"]))
def test_each_measurement_is_asked(hers, herself, left_out):
    given = {k: v for k, v in ANSWERS["biometrics"].items() if k != left_out}
    with pytest.raises(service.NotValid) as wrong:
        service.write_entry(hers, "biometrics", given, herself)
    assert set(wrong.value.errors) == {left_out}
    assert codes(service.complete(hers))[0] == "biometrics"


def test_the_age_follows_from_the_birth_date(hers):
    with clock.at(dt.datetime(2026, 4, 30, 12, tzinfo=dt.UTC)):
        assert hers.age == 45
    with clock.at(dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)):
        assert hers.age == 46


@pytest.mark.rule("CB-198")
def test_the_optional_registers_are_offered_to_everybody(hers, child, anna):
    for subject in (hers, service.subject_of(anna.id, child.id)):
        assert set(codes(service.registers_for(subject))) >= ALL_OPTIONAL


@pytest.mark.rule("CB-199")
@pytest.mark.parametrize(("sex", "there"), [("female", True), ("male", False), ("other", False)])
def test_gynaecology_is_for_women_and_optional(anna, sex, there):
    accounts.change_person(accounts.by_id(anna.id), sex=sex)
    subject = service.subject_of(anna.id)
    found = [r for r in service.registers_for(subject) if r.code == "gynaecology_obstetrics"]
    assert bool(found) == there
    if there:
        assert entries.need_of(found[0]) == "optional"
    else:
        with pytest.raises(NotFound):
            service.write_entry(subject, "gynaecology_obstetrics", {"births": "1"}, service.Author(anna.id))


@pytest.mark.rule("CB-072")
def test_the_profile_of_a_dependant_counts_for_the_dependant(anna, child, hers, herself, filled):
    filled(hers, herself)
    his = service.subject_of(anna.id, child.id)
    assert service.missing_for(hers.person_id, anna.id) == []
    assert codes(service.missing_for(his.person_id, anna.id, child.id)) == list(MANDATORY)
    filled(his, herself)
    assert service.missing_for(his.person_id, anna.id, child.id) == []


def test_a_person_and_account_that_do_not_belong_together_are_not_found(hers, anna, child):
    other = make_account()
    for person, account, dependant in (
        (hers.person_id, other.id, None),
        (hers.person_id, anna.id, child.id),
        (child.person_id, other.id, child.id),
    ):
        with pytest.raises(NotFound):
            service.missing_for(person, account, dependant)


def test_the_portal_says_which_are_mandatory(hers, monkeypatch):
    from core.tenancy.current import current_tenant

    config = {
        **current_tenant().config,
        "record": {"mandatory_registers": ["medicines", "vaccines"], "grant_days": [1]},
    }
    object.__setattr__(current_tenant(), "config", config)
    assert codes(service.complete(hers)) == ["medicines", "vaccines"]


@pytest.mark.rule("CB-202", "CB-131")
def test_each_entry_keeps_its_author_and_the_value_before_stays(hers, herself, doctor):
    first = service.write_entry(hers, "biometrics", ANSWERS["biometrics"], herself)
    service.grant(hers, doctor.pro.id)
    physician = service.Author(doctor.account.id, doctor.pro.id, strong=True)
    second = service.write_entry(hers, "biometrics", {**ANSWERS["biometrics"], "weight": "68"}, physician, base=first)
    db.session.commit()
    state = current(hers, "biometrics")
    assert [(e.id, e.values["weight"], e.professional_id) for e in state.entries] == [(second, "68", doctor.pro.id)]
    (past,) = service.past_of(hers, state.register)
    assert (past.id, past.values["weight"], past.author_account_id, past.professional_id) == (
        first,
        "70.5",
        anna_id(hers),
        None,
    )
    assert past.replaced
    assert past.ended_by == doctor.account.id


def anna_id(subject):
    return subject.account_id


@pytest.mark.rule("CB-202")
def test_the_database_lets_nobody_write_over_an_entry(hers, herself):
    id_ = service.write_entry(hers, "allergies", ANSWERS["allergies"], herself)
    db.session.commit()
    from sqlalchemy import exc, text

    for statement in (
        "UPDATE health_entries SET sealed = 'x'",
        "UPDATE health_entries SET author_account_id = id",
        "DELETE FROM health_entries",
    ):
        with pytest.raises(exc.ProgrammingError, match="permission denied"):
            db.session.execute(text(statement))
        db.session.rollback()
    assert current(hers, "allergies").entries[0].id == id_


def test_the_same_values_again_write_nothing_and_keep_the_author(hers, herself, doctor):
    first = service.write_entry(hers, "biometrics", ANSWERS["biometrics"], herself)
    service.grant(hers, doctor.pro.id)
    physician = service.Author(doctor.account.id, doctor.pro.id, strong=True)
    assert service.write_entry(hers, "biometrics", ANSWERS["biometrics"], physician, base=first) == first
    assert current(hers, "biometrics").last.professional_id is None


@pytest.mark.rule("CB-202")
def test_a_professional_without_authorisation_writes_nothing(hers, doctor):
    stranger = service.Author(doctor.account.id, doctor.pro.id, strong=True)
    for act in (
        lambda: service.write_entry(hers, "allergies", ANSWERS["allergies"], stranger),
        lambda: service.declare_none(hers, "allergies", stranger),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 403
    assert current(hers, "allergies").entries == ()


def test_a_form_sent_twice_writes_once(hers, herself, rows):
    key = entries.new_id()
    for _ in range(2):
        assert service.write_entry(hers, "medicines", ANSWERS["medicines"], herself, entry_id=key) == key
        db.session.commit()
    assert len(rows(HealthEntry, register="medicines")) == 1


def test_a_form_that_was_overtaken_is_told_so(hers, herself):
    first = service.write_entry(hers, "biometrics", ANSWERS["biometrics"], herself)
    service.write_entry(hers, "biometrics", {**ANSWERS["biometrics"], "weight": "69"}, herself, base=first)
    for base in (first, None):
        with pytest.raises(service.Changed):
            service.write_entry(hers, "biometrics", {**ANSWERS["biometrics"], "weight": "71"}, herself, base=base)
    assert current(hers, "biometrics").last.values["weight"] == "69"


def test_an_entry_takes_the_place_of_none_and_none_waits_for_the_entries_to_go(hers, herself):
    service.declare_none(hers, "allergies", herself)
    id_ = service.write_entry(hers, "allergies", ANSWERS["allergies"], herself)
    assert [e.id for e in current(hers, "allergies").entries] == [id_]
    with pytest.raises(Refused):
        service.declare_none(hers, "allergies", herself)
    service.end_entry(hers, "allergies", id_, herself)
    assert current(hers, "allergies").missing
    service.declare_none(hers, "allergies", herself)
    service.declare_none(hers, "allergies", herself)
    assert current(hers, "allergies").none
    assert {e.none for e in service.past_of(hers, entries.register_of(hers, "allergies"))} == {True, False}


def test_an_entry_of_another_person_register_or_time_is_not_found(hers, herself, anna, child):
    his = service.subject_of(anna.id, child.id)
    id_ = service.write_entry(his, "allergies", ANSWERS["allergies"], herself)
    for subject, code in ((hers, "allergies"), (his, "medicines")):
        with pytest.raises(NotFound):
            service.end_entry(subject, code, id_, herself)
    service.end_entry(his, "allergies", id_, herself)
    with pytest.raises(NotFound):
        service.end_entry(his, "allergies", id_, herself)


def test_there_is_an_end_to_entries(hers, herself, monkeypatch):
    monkeypatch.setattr(entries, "MOST_ENTRIES", 2)
    for _ in range(2):
        service.write_entry(hers, "vaccines", {"vaccine": "tetanus"}, herself)
    with pytest.raises(Refused):
        service.write_entry(hers, "vaccines", {"vaccine": "tetanus"}, herself)


@pytest.mark.rule("CB-201")
def test_the_confirmation_keeps_its_moment(hers):
    assert service.profile_of(hers).confirmed_at is None
    moment = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    with clock.at(moment):
        assert service.confirm_up_to_date(hers.person_id) == moment
    db.session.commit()
    assert service.profile_of(hers).confirmed_at == moment


def test_without_the_key_nothing_can_be_read(hers, herself, filled):
    filled(hers, herself)
    keys.destroy_person_key(hers.person_id)
    db.session.commit()
    with pytest.raises(keys.Erased):
        service.profile_of(hers)
    with pytest.raises(NotFound):
        service.subject_of(hers.account_id)


# -- France -----------------------------------------------------------------------------------------------------------

INSURED = {
    "ald": "yes", "ald_kind": "ald_8", "css": "no", "attending_physician_declared": "yes", "complementary_cover": "yes",
    "complementary_cover_kind": "mutual", "complementary_cover_name": "Mutuelle du Fleuve",
}  # fmt: skip


@pytest.mark.rule("CB-200")
def test_the_insured_profile_is_for_those_insured_in_france(hers, anna, make_french):
    assert "fr_insured_profile" not in codes(service.registers_for(hers))
    with pytest.raises(NotFound):
        service.write_entry(hers, "fr_insured_profile", INSURED, service.Author(anna.id))
    make_french(anna)
    french = service.subject_of(anna.id)
    assert french.category == "fr_resident"
    found = entries.register_of(french, "fr_insured_profile")
    assert found.edited_in == "account"
    assert found.code not in codes(service.complete(french))


@pytest.mark.rule("CB-200")
def test_a_long_term_condition_is_declared_once(hers, anna, make_french):
    make_french(anna)
    french, author = service.subject_of(anna.id), service.Author(anna.id)
    service.write_entry(french, "fr_insured_profile", INSURED, author)
    assert "ald" in people.declared(anna.id)
    people.declare(anna.id, {"ald": False})
    assert service.answer_of(french, "fr_insured_profile", "ald") == "no"
    assert service.answer_of(french, "fr_insured_profile", "complementary_cover_name") == "Mutuelle du Fleuve"


@pytest.mark.rule("CB-200")
def test_a_professional_reads_the_insured_profile_and_does_not_write_it(hers, anna, doctor, make_french):
    make_french(anna)
    french = service.subject_of(anna.id)
    service.grant(french, doctor.pro.id)
    with pytest.raises(Refused):
        service.write_entry(
            french, "fr_insured_profile", INSURED, service.Author(doctor.account.id, doctor.pro.id, strong=True)
        )


@pytest.mark.rule("CB-031")
@pytest.mark.parametrize(
    ("country", "kind", "accepted"), [("FR", "physician", True), ("LU", "physician", False), ("FR", "allied", False)]
)
def test_the_attending_physician_is_a_french_physician_of_the_portal(anna, make_french, country, kind, accepted):
    make_french(anna)
    french, author = service.subject_of(anna.id), service.Author(anna.id)
    made = make_professional(country, kind)
    given = {**INSURED, "attending_physician": str(made.pro.id)}
    if accepted:
        service.write_entry(french, "fr_insured_profile", given, author)
        assert service.answer_of(french, "fr_insured_profile", "attending_physician") == str(made.pro.id)
    else:
        with pytest.raises(service.NotValid) as wrong:
            service.write_entry(french, "fr_insured_profile", given, author)
        assert set(wrong.value.errors) == {"attending_physician"}


@pytest.mark.rule("CB-033")
def test_whether_a_dependant_is_on_the_card_is_asked_of_dependants_alone(anna, child, make_french):
    make_french(anna)
    his, author = service.subject_of(anna.id, child.id), service.Author(anna.id)
    register = entries.register_of(his, "fr_insured_profile")
    assert "on_patient_card" in [f.code for f in schemas.asked_of(register, his)]
    assert "on_patient_card" not in [f.code for f in schemas.asked_of(register, service.subject_of(anna.id))]
    service.write_entry(his, "fr_insured_profile", {**INSURED, "on_patient_card": "yes"}, author)
    assert service.answer_of(his, "fr_insured_profile", "on_patient_card") == "yes"
    assert people.declared(anna.id) == frozenset()


# -- what is taken and what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "field", "typed"), [
    ("biometrics", "height", "1,72"),
    ("biometrics", "height", "1720"),
    ("biometrics", "height", "tall"),
    ("biometrics", "height", "-172"),
    ("biometrics", "height", "١٧٢"),
    ("biometrics", "height", "1e2"),
    ("biometrics", "weight", "70,55"),
    ("biometrics", "weight", "0"),
    ("biometrics", "weight", "NaN"),
    ("biometrics", "blood_group", "Z"),
    ("biometrics", "eye_colour", "<script>"),
    ("personal_history", "what", " \t\u200e"[:2]),
    ("personal_history", "what", "x" * 201),
    ("personal_history", "kind", "childhood"),
    ("personal_history", "since", "2099"),
    ("personal_history", "since", "1979"),
    ("personal_history", "since", "13/2008"),
    ("personal_history", "since", "31/02/2008"),
    ("personal_history", "since", "yesterday"),
    ("personal_history", "note", "x" * 2001),
    ("family_history", "age", "121"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_at_its_field(hers, herself, code, field, typed):
    with pytest.raises(service.NotValid) as wrong:
        service.write_entry(hers, code, {**ANSWERS[code], field: typed}, herself)
    assert set(wrong.value.errors) == {field}
    assert current(hers, code).entries == ()


@pytest.mark.parametrize(("code", "field", "typed", "kept"), [
    ("biometrics", "weight", "70,0", "70"),
    ("biometrics", "weight", "70.5 kg", "70.5"),
    ("biometrics", "height", "100", "100"),
    ("personal_history", "since", "5/2008", "2008-05"),
    ("personal_history", "since", "2008-05", "2008-05"),
    ("personal_history", "since", "17.05.2008", "2008-05-17"),
    ("personal_history", "what", "  two   words\n", "two words"),
    ("personal_history", "what", "family 👨‍👩‍👧 🤧", "family 👨‍👩‍👧 🤧"),
    ("personal_history", "what", "رَبْو منذ الطفولة", "رَبْو منذ الطفولة"),
    ("personal_history", "what", "אסתמה", "אסתמה"),
    ("personal_history", "what", "a\u202eb\u0000c", "abc"),
    ("personal_history", "note", "one\r\n\r\n\r\n\r\ntwo ", "one\n\ntwo"),
])  # fmt: skip
def test_what_is_typed_is_kept_in_one_form(hers, herself, code, field, typed, kept):
    service.write_entry(hers, code, {**ANSWERS[code], field: typed}, herself)
    assert current(hers, code).last.values[field] == kept


def test_an_answer_that_is_not_asked_for_is_left_out(hers, herself):
    service.write_entry(hers, "lifestyle", {"tobacco": "never", "tobacco_amount": "20", "smuggled": "x"}, herself)
    assert current(hers, "lifestyle").last.values == {"tobacco": "never"}
    with pytest.raises(service.NotValid) as wrong:
        service.write_entry(hers, "lifestyle", {}, herself, base=current(hers, "lifestyle").last.id)
    assert set(wrong.value.errors) == {""}


@pytest.mark.rule("CB-275")
def test_each_data_set_names_its_controller():
    assert service.controller_of("report") == "professional"
    assert service.processor_of("report") == "operator"
    assert service.controller_of("account") == "operator"
    assert service.processor_of("account") is None
    with pytest.raises(KeyError):
        service.controller_of("unheard of")

"""The telephone way in: what the agent cannot leave out, where the call goes, how the nurse closes it."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from sqlalchemy import func, select

from core.audit.models import AuditEntry, DecisionReceipt
from core.care.consultations.models import Consultation
from core.consent import service as consent
from core.consent.models import Acceptance
from core.db import db
from core.identity import accounts
from core.identity.models import Account
from core.plugin_api.pages import Refused
from core.scheduling.service_access import NotAllowed
from plugins.insurer_assistance import cases, doctoring, intake, listing, members, quota, requesting, team, triage
from plugins.insurer_assistance.models import Case

pytestmark = pytest.mark.usefixtures("mutual")
WEEKDAY = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)  # a Tuesday, ten in the morning in Paris
NIGHT = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC)


@pytest.fixture
def by_day(clock):
    clock.set(WEEKDAY)


def register(form, agent):
    made = intake.save(intake.read(form), agent.id, uuid.uuid4(), language="fr")
    db.session.commit()
    return made


def count(model):
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def refused(form, agent):
    """What is said, and nothing is stored."""
    before = [count(m) for m in (Case, Account, Acceptance)]
    with pytest.raises(Refused) as no:
        intake.save(intake.read(form), agent.id, uuid.uuid4(), language="fr")
    db.session.rollback()
    assert [count(m) for m in (Case, Account, Acceptance)] == before
    return " ".join(str(m) for m in no.value.messages)


# -- identity, information, consent ----------------------------------------------------------------------------------


@pytest.mark.rule("IA-052", "IA-048")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last_name", ""),
        ("first_name", " "),
        ("birth_date", ""),
        ("birth_date", "31/02/1980"),
        ("phone", ""),
        ("phone", "01 99 00 12 00"),
        ("postcode", ""),
        ("postcode", "?"),
        ("email", ""),
        ("email", "lea.example"),
    ],
)
def test_all_six_fields_are_needed(by_day, member, staff, call_of, field, value):
    form = call_of(member(), **{field: value})
    typed = intake.read(form)
    assert set(typed.errors) == {field}
    assert "six fields" in refused(form, staff("agent"))
    if value.startswith("01"):
        assert "not a mobile" in str(typed.errors["phone"][0]) or "mobile number" in str(typed.errors["phone"][0])


@pytest.mark.rule("IA-025", "IA-017", "IA-029")
@pytest.mark.parametrize("field", ["informed", "consent", "in_person", "recording"])
def test_nothing_is_saved_before_information_and_consent_are_noted(by_day, member, staff, call_of, field):
    said = refused(call_of(member(), **{field: ""}), staff("agent"))
    assert {"informed": "information", "consent": "consent", "in_person": "another adult", "recording": "recording"}[
        field
    ] in said


@pytest.mark.rule("IA-003", "IA-047", "IA-076")
def test_an_emergency_stops_the_call_shows_the_numbers_and_is_noted(by_day, member, staff, visit, call_of):
    someone, agent = member(), staff("agent")
    page = visit(agent)
    answer = page.post("/x/insurer_assistance/phone/new", {"emergency": "yes"})
    shown = page.text(page.follow(answer))
    assert "tel:15" in shown
    assert "noted" in shown
    assert count(Case) == 0 == count(Consultation)
    noted = db.session.execute(select(AuditEntry).where(AuditEntry.action == "assistance.emergency")).scalar_one()
    assert json.loads(noted.details)["by"] == str(agent.id)
    with pytest.raises(requesting.Emergency):
        intake.save(intake.read(call_of(someone, emergency="yes")), agent.id, uuid.uuid4(), language="fr")


@pytest.mark.rule("IA-003", "IA-005", "IA-111")
def test_the_script_begins_with_the_warning_and_holds_the_notices(by_day, staff, visit):
    page = visit(staff("agent"))
    shown = page.text(page.get("/x/insurer_assistance/phone/new"))
    assert shown.index("This is not an emergency service") < shown.index('name="last_name"')
    for words in (
        "no medical device",
        "completes your treating doctor",
        "cannot be checked",
        "costs you nothing",
        "may be recorded",
    ):
        assert words in shown


@pytest.mark.rule("IA-017", "IA-055")
def test_who_calls_needs_no_account_and_the_evidence_names_channel_and_agent(by_day, member, staff, call_of):
    """Somebody of the list, whom the portal has never seen."""
    agent, born = staff("agent"), dt.date(1971, 2, 3)
    listing.put(listing.Listed("N1", "K1", "Martin", "Zoé", born, "insured", dt.date(2026, 1, 1)), "file")
    db.session.commit()
    someone = member()
    form = call_of(
        someone, last_name="MARTIN", first_name="Zoé", birth_date="03/02/1971", email="zoe@example.org", contract=""
    )
    made = register(form, agent)
    account = accounts.by_email("zoe@example.org")
    assert account.password_hash is None
    assert consent.missing(account.id) == []
    rows = list(db.session.execute(select(Acceptance).where(Acceptance.account_id == account.id)).scalars())
    assert {(r.way, r.noted_by) for r in rows} == {("telephone", agent.id)}
    assert {(r.document, r.version) for r in rows} == {(v.code, v.version) for v in consent.to_accept()}
    assert (made.channel, made.agent_account_id, made.account_id) == ("telephone", agent.id, account.id)
    assert {"informed_by_voice", "consent_by_voice", "not_an_emergency"} <= set(made.declared)
    told = cases.told_of(made)
    assert (told.phone, told.postcode) == ("+33612345678", "57000")


@pytest.mark.rule("IA-017", "IA-046", "IA-045")
def test_nobody_consents_for_another_adult_but_a_parent_calls_for_a_child(by_day, member, staff, call_of):
    agent, parent = staff("agent"), member()
    child = {
        "who": "other",
        "for_last_name": "Petit",
        "for_first_name": "Nino",
        "for_birth_date": "05/06/2019",
        "relation": "parent",
        "for_declared": "yes",
    }
    born = dt.date(2019, 6, 5)
    listing.put(listing.Listed("N2", parent.contract, "Petit", "Nino", born, "child", dt.date(2026, 1, 1)), "file")
    listing.put(
        listing.Listed("N3", parent.contract, "Petit", "Ada", dt.date(1981, 1, 1), "spouse", dt.date(2026, 1, 1)),
        "file",
    )
    db.session.commit()
    adult = {**child, "for_first_name": "Ada", "for_birth_date": "01/01/1981"}
    assert "guardian" in refused(call_of(parent, **adult), agent)
    made = register(call_of(parent, **child), agent)
    told = cases.told_of(made)
    assert made.dependant_id is not None
    assert told.companion_quality == "parent"
    assert told.companion_name == accounts.person_of(parent.account.id).name
    assert members.of_person(parent.account.id, made.dependant_id).role == "child"
    assert register(call_of(parent, **child), agent).dependant_id == made.dependant_id


@pytest.mark.rule("IA-045")
def test_a_protected_adult_calls_with_who_accompanies_them(by_day, member, staff, call_of):
    agent, someone = staff("agent"), member(protected=True)
    assert "guardian or curator" in refused(call_of(someone), agent)
    made = register(call_of(someone, companion_name="Paul Témoin", companion_quality="curator"), agent)
    assert cases.told_of(made).companion_name == "Paul Témoin"


@pytest.mark.rule("IA-046")
def test_a_minor_does_not_call_alone(by_day, member, staff, call_of):
    assert "birth_date" in intake.read(call_of(member(), birth_date="05/06/2012")).errors


def test_who_is_not_covered_is_told_why_and_nothing_is_stored(by_day, member, staff, call_of):
    agent = staff("agent")
    assert "nobody of this name" in refused(call_of(member(), last_name="Inconnu", email="x@example.org"), agent)
    someone = member()
    listing.take_off(someone.number)
    db.session.commit()
    assert "off its list" in refused(call_of(someone), agent)


def test_the_same_call_saved_twice_is_one_case(by_day, member, staff, call_of):
    agent, someone, id_ = staff("agent"), member(), uuid.uuid4()
    made = [intake.save(intake.read(call_of(someone)), agent.id, id_, language="fr") for _ in range(2)]
    assert made[0].id == made[1].id == id_
    assert count(Case) == 1


# -- where it goes ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-026", "IA-028", "IA-064")
@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2026-11-24T09:00:00", "nurse_queue"),  # Tuesday, 10:00
        ("2026-11-24T06:59:59", "to_doctor"),  # 07:59:59
        ("2026-11-24T07:00:00", "nurse_queue"),
        ("2026-11-24T19:00:00", "to_doctor"),  # 20:00
        ("2026-11-24T22:59:59", "to_doctor"),  # a second before midnight
        ("2026-11-24T23:00:00", "to_doctor"),
        ("2026-11-28T10:00:00", "to_doctor"),  # Saturday
        ("2026-11-29T10:00:00", "to_doctor"),  # Sunday
        ("2026-12-25T10:00:00", "to_doctor"),  # a Friday, Christmas
        ("2026-10-26T06:30:00", "to_doctor"),  # 07:30, the Monday after the clocks went back
        ("2026-10-26T07:00:00", "nurse_queue"),
        ("2027-03-29T07:00:00", "to_doctor"),  # Easter Monday, a day after the clocks went forward
        ("2027-03-30T06:00:00", "nurse_queue"),  # 08:00 in summer time
    ],
)
def test_a_call_goes_to_the_nurse_by_day_and_to_the_doctors_else(clock, member, staff, call_of, at, state):
    clock.set(dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    made = register(call_of(member()), staff("agent"))
    assert made.state == state
    task = db.session.get(Consultation, (made.tenant_id, made.id))
    assert (task is not None) == (state == "to_doctor") == (cases.due([made]) != {})
    receipts = db.session.execute(
        select(func.count()).select_from(DecisionReceipt).where(DecisionReceipt.act_id == made.id)
    )
    assert receipts.scalar_one() == (2 if task else 1)


@pytest.mark.rule("IA-064", "IA-086")
def test_a_refused_request_leaves_its_receipts_and_no_case(clock, member, ask_for):
    someone = member()
    with pytest.raises(NotAllowed):
        requesting.from_web(ask_for(someone, reason="sick_leave"))
    db.session.commit()
    assert count(Case) == 0
    assert count(DecisionReceipt) == 2


@pytest.mark.rule("IA-028")
def test_calls_that_no_nurse_took_go_to_the_doctors_when_the_nurses_leave(clock, member, staff, call_of):
    clock.set(dt.datetime(2026, 11, 24, 18, 50, tzinfo=dt.UTC))
    agent, someone, other = staff("agent"), member(), member()
    made, empty = register(call_of(someone), agent), register(call_of(other), agent)
    for _ in range(5):
        quota.reserve(other.member.id, uuid.uuid4(), 2026)
    db.session.commit()
    triage.follow()
    assert made.state == "nurse_queue"
    clock.set(dt.datetime(2026, 11, 24, 19, 1, tzinfo=dt.UTC))
    triage.follow()
    db.session.commit()
    assert (made.state, made.escalated_at) == ("to_doctor", None)
    assert (empty.state, empty.escalated_at is not None) == ("nurse_queue", True)


# -- the nurse -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-027", "IA-065", "IA-066")
def test_orientation_costs_nothing_makes_no_consultation_and_is_marked_as_indicative(
    by_day, member, staff, call_of, visit
):
    someone, nurse = member(), staff("nurse")
    made = register(call_of(someone), staff("agent"))
    triage.take(nurse.id, made.id)
    triage.note(nurse.id, made.id, "Toux simple")
    with pytest.raises(Refused, match="advised"):
        triage.close(nurse.id, made.id, triage.ORIENTATION)
    with pytest.raises(Refused, match="how the call ends"):
        triage.close(nurse.id, made.id, "prescription")
    triage.close(nurse.id, made.id, triage.ORIENTATION, "Boire, se reposer ; revoir si fièvre.")
    db.session.commit()
    assert (made.state, made.outcome, made.nurse_outcome) == ("closed", "orientation", "orientation_only")
    assert count(Consultation) == 0
    assert quota.balance(someone.member.id, 2026).used == 0
    for account, path in ((someone.account, "cases"), (nurse, "nurse")):
        shown = visit(account).text(visit(account).get(f"/x/insurer_assistance/{path}/{made.id}"))
        assert "Boire, se reposer" in shown
        assert "indicative" in shown
    with pytest.raises(Refused):
        triage.close(nurse.id, made.id, triage.CALL_BACK)


@pytest.mark.rule("IA-027")
@pytest.mark.parametrize("outcome", [triage.CONNECT, triage.CALL_BACK])
def test_both_outcomes_with_a_doctor_make_their_task(by_day, member, staff, doctor, call_of, outcome):
    someone, nurse, pro = member(), staff("nurse"), doctor()
    later = {"kind": "appointment", "day": "2026-11-26", "time": "10:00"}
    made = register(call_of(someone, **later), staff("agent"))
    triage.take(nurse.id, made.id)
    triage.note(nurse.id, made.id, "Pour le médecin")
    triage.close(nurse.id, made.id, outcome)
    db.session.commit()
    assert (made.state, made.nurse_outcome) == ("to_doctor", outcome)
    assert (made.wanted_at is None) == (outcome == triage.CONNECT)
    assert quota.balance(someone.member.id, 2026).reserved == 1
    doctoring.take(pro.pro, made.id)
    assert cases.told_of(made).note == "Pour le médecin"


@pytest.mark.rule("IA-027", "IA-065")
def test_a_quota_used_up_is_told_and_the_nurse_can_still_orient(by_day, member, staff, call_of, visit):
    someone, nurse = member(), staff("nurse")
    made = register(call_of(someone), staff("agent"))
    for _ in range(5):
        quota.reserve(someone.member.id, uuid.uuid4(), 2026)
    triage.take(nurse.id, made.id)
    db.session.commit()
    page = visit(nurse)
    answer = page.post(f"/x/insurer_assistance/nurse/{made.id}/close", {"outcome": triage.CALL_BACK})
    assert answer.status_code == 403
    assert "IA-04" in page.text(answer)
    db.session.expire_all()
    assert db.session.get(Case, (made.tenant_id, made.id)).state == "with_nurse"
    page.post(
        f"/x/insurer_assistance/nurse/{made.id}/close", {"outcome": "orientation_only", "summary": "Voir son médecin."}
    )
    db.session.expire_all()
    assert db.session.get(Case, (made.tenant_id, made.id)).outcome == "orientation"


@pytest.mark.rule("IA-086")
def test_an_exclusion_has_a_reason_that_the_person_reads(by_day, member, staff, call_of, visit):
    someone, nurse = member(), staff("nurse")
    made = register(call_of(someone), staff("agent"))
    triage.take(nurse.id, made.id)
    for wrong in ("", "whatever"):
        with pytest.raises(Refused, match="choose the reason"):
            triage.exclude(nurse.id, made.id, wrong)
    triage.exclude(nurse.id, made.id, "sick_leave")
    db.session.commit()
    shown = visit(someone.account).get(f"/x/insurer_assistance/cases/{made.id}").get_data(as_text=True)
    assert "Sick leave cannot be issued" in shown


@pytest.mark.rule("IA-036", "IA-076")
@pytest.mark.parametrize("when", ["waiting", "taken", "sent", "with_doctor"])
def test_the_transfer_is_possible_at_every_step_without_a_field(by_day, member, staff, doctor, call_of, visit, when):
    someone, nurse, pro = member(), staff("nurse"), doctor()
    made = register(call_of(someone), staff("agent"))
    if when != "waiting":
        triage.take(nurse.id, made.id)
    if when in ("sent", "with_doctor"):
        triage.close(nurse.id, made.id, triage.CONNECT)
    if when == "with_doctor":
        doctoring.take(pro.pro, made.id)
    db.session.commit()
    assert visit(nurse).post(f"/x/insurer_assistance/nurse/{made.id}/emergency").status_code == 302
    db.session.expire_all()
    row = db.session.get(Case, (made.tenant_id, made.id))
    assert (row.state, row.outcome) == ("closed", "emergency")
    assert quota.balance(someone.member.id, 2026).used == 0
    noted = db.session.execute(select(AuditEntry).where(AuditEntry.action == "assistance.emergency")).scalar_one()
    assert {"role": "nurse", "by": str(nurse.id)}.items() <= json.loads(noted.details).items()


@pytest.mark.rule("IA-014", "IA-011")
def test_a_nurse_writes_no_prescription_and_no_report(by_day, member, staff, doctor, call_of, visit):
    nurse, pro = staff("nurse"), doctor()
    made = register(call_of(member()), staff("agent"))
    triage.take(nurse.id, made.id)
    triage.close(nurse.id, made.id, triage.CONNECT)
    doctoring.take(pro.pro, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    doctoring.hang_up(pro.pro, made.id)
    db.session.commit()
    page = visit(nurse)
    for path in (
        f"/desk/consultations/{made.id}/report",
        f"/prescriptions/new/{made.id}",
        f"/x/insurer_assistance/desk/{made.id}/take",
    ):
        assert page.post(path, {"conclusion": "x", "text": "x"}).status_code in (403, 404, 405), path
    rules = [r for r in page.app.url_map.iter_rules() if "consultation_id" in r.arguments and "POST" in r.methods]
    mine = [r for r in rules if r.endpoint.startswith(("prescriptions.", "care_desk."))]
    assert mine
    for rule in mine:
        path = rule.rule.replace("<uuid:consultation_id>", str(made.id)).replace("<consultation_id>", str(made.id))
        if "<" not in path:
            assert page.post(path, {"conclusion": "x"}).status_code in (403, 404), path


# -- what agents see -------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-107", "IA-003")
def test_an_agent_sees_who_and_where_it_stands_never_the_words(by_day, member, staff, call_of, visit, clock):
    agent = staff("agent")
    late = register(call_of(member()), agent)
    clock.move(minutes=40)
    fresh = register(call_of(member()), agent)
    page = visit(agent)
    answer = page.get("/x/insurer_assistance/phone")
    assert answer.status_code == 200
    desk = page.text(answer)
    assert desk.index(str(late.id)) < desk.index(str(fresh.id))
    assert "overdue" in desk
    shown = desk + page.text(page.get(f"/x/insurer_assistance/phone/{late.id}"))
    assert accounts.person_of(late.account_id).name in shown
    assert "Canari" not in shown
    assert "A new health problem" not in shown
    assert page.get(f"/x/insurer_assistance/phone/{uuid.uuid4()}").status_code == 404
    for path in (f"desk/{late.id}", f"nurse/{late.id}", f"cases/{late.id}"):
        assert page.get(f"/x/insurer_assistance/{path}").status_code in (403, 404)


def test_an_agent_registers_a_call_through_the_page(by_day, member, staff, call_of, visit):
    someone, page = member(), visit(staff("agent"))
    form = call_of(someone)
    checked = page.post("/x/insurer_assistance/phone/new", {**form, "act": "check"})
    assert "Covered" in page.text(checked)
    assert count(Case) == 0
    wrong = page.post("/x/insurer_assistance/phone/new", {**form, "phone": "0199001200", "birth_date": "01/05/1980"})
    assert wrong.status_code == 422
    assert "Canari" in page.text(wrong)  # what was typed stays
    answer = page.post("/x/insurer_assistance/phone/new", form)
    assert answer.status_code == 302
    shown = page.text(page.follow(answer))
    assert "a nurse takes over" in shown
    assert count(Case) == 1


# -- the team --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-011", "IA-012")
def test_losing_a_fact_suspends_the_role_at_once(by_day, member, staff, doctor, call_of, ask_for, visit):
    pro, nurse = doctor(), staff("nurse")
    waiting = requesting.from_web(ask_for(member()))
    call = register(call_of(member()), staff("agent"))
    team.set_facts(
        pro.account.id,
        "doctor",
        registered=True,
        practises_in_country=True,
        engaged_from="2026-01-01",
        engaged_until="2026-11-23",
        by="x",
    )
    team.set_facts(
        nurse.id,
        "nurse",
        registered=False,
        practises_in_country=True,
        engaged_from="2026-01-01",
        engaged_until=None,
        by="x",
    )
    db.session.commit()
    assert team.accounts_in("doctor") == [] == team.accounts_in("nurse")
    page = visit(pro.account)
    assert page.get("/x/insurer_assistance/desk").status_code == 403
    assert page.post(f"/x/insurer_assistance/desk/{waiting.id}/take").status_code == 403
    with pytest.raises(Refused):
        doctoring.take(pro.pro, waiting.id)
    page = visit(nurse)
    assert page.get("/x/insurer_assistance/nurse").status_code == 403
    assert page.post(f"/x/insurer_assistance/nurse/{call.id}/take").status_code == 403


@pytest.mark.rule("IA-013", "IA-011", "IA-012")
def test_the_operator_records_the_facts_and_another_profession_has_no_role(by_day, staff, visit):
    from core.testing import makers

    operator, someone = makers.make_account("operator"), makers.make_professional(kind="allied")
    someone.pro.specialty = "physiotherapist"
    mail = accounts.person_of(someone.account.id).email
    db.session.commit()
    page = visit(operator)
    for role in team.ROLES:
        answer = page.post(
            "/x/insurer_assistance/team",
            {"email": mail, "role": role, "registered": "yes", "practises": "yes", "engaged_from": "2026-01-01"},
        )
        assert answer.status_code == 422, role
    assert team.of(someone.account.id) is None
    agent = makers.make_account("professional")
    db.session.commit()
    form = {"email": accounts.person_of(agent.id).email, "role": "agent", "engaged_from": "2026-01-01"}
    assert "active" in page.text(page.follow(page.post("/x/insurer_assistance/team", form)))
    for wrong in (
        {"engaged_from": "gestern"},
        {"engaged_until": "2025-01-01"},
        {"role": "chief"},
        {"email": "nobody@example.org"},
    ):
        answer = page.post("/x/insurer_assistance/team", {**form, **wrong})
        assert answer.status_code == 422
        (found,) = wrong.values()
        assert found in page.text(answer)  # named in the message, or standing in its field
    for other in (staff("agent"), staff("nurse")):
        assert visit(other).get("/x/insurer_assistance/team").status_code == 403


@pytest.mark.rule("IA-011", "IA-108", "IA-002")
def test_only_an_administrator_of_the_operator_keeps_the_team_and_nobody_their_own_place(by_day, visit):
    from core.testing import makers

    path = "/x/insurer_assistance/team"
    rights = ("edit_portal", "see_figures", "load_members")
    someone = makers.make_account("professional")
    chief = makers.make_account("partner", party="operator", rights=(*rights, "keep_team"))
    others = [makers.make_account("partner", party="operator", rights=rights)]
    others += [makers.make_account("partner", party=p, rights=(*rights, "keep_team")) for p in ("insurer", "assister")]
    db.session.commit()
    form = {"role": "agent", "engaged_from": "2026-01-01", "reads_until": "2031-01-01"}
    own, theirs = (accounts.person_of(a.id).email for a in (chief, someone))
    for other in others:
        page = visit(other)
        assert page.get(path).status_code == 403
        assert page.post(path, {**form, "email": theirs}).status_code == 403
        assert f'href="{path}"' not in page.text(page.get("/partner/"))
    page = visit(chief)
    assert f'href="{path}"' in page.text(page.get("/partner/"))
    answer = page.post(path, {**form, "email": own})
    assert answer.status_code == 422
    assert "Nobody records their own place" in page.text(answer)
    assert team.of(chief.id) is None
    assert page.post(path, {**form, "email": theirs}).status_code == 302
    assert team.active(someone.id, team.AGENT)

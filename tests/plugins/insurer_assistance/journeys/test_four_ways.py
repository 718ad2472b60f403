"""All four ways in, in real browsers, to the report: the web now and at a time, the telephone by day and at night."""

import copy
import datetime as dt
import re
import uuid

import pytest
from sqlalchemy import select

from core.consent import service as consent
from core.db import db
from core.identity import accounts, profile
from core.identity.accounts import Person
from core.jobs import outbox
from core.notifications.models import InboxMessage
from core.tenancy import current, service
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from core.testing import makers
from core.testing.calls import flows
from core.testing.plugin import TENANTS
from plugins.insurer_assistance import cases, listing, members, quota, requesting, team
from plugins.insurer_assistance.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.timeout(240)]
SLUG = "mutuelle-horizon"
X = "/x/insurer_assistance"
ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:00",
    "to": "23:59",
    "public_holidays": True,
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BORN = dt.date(1986, 4, 12)


def not_now():
    """Days on which the nurse answers: all but this one and the next, whatever the hour of the test."""
    today = dt.datetime.now(dt.UTC).weekday()
    return [d for n, d in enumerate(DAYS) if (n - today) % 7 not in (0, 1)]


@pytest.fixture
def horizon(portals, runtime):
    """The mutual's portal, live; the nurse answers at the hours that the test gives."""

    def make(nurse=ALWAYS):
        bundle = copy.deepcopy(load_folder(TENANTS / SLUG, runtime).bundle)
        bundle["config"]["plugins"]["insurer_assistance"]["nurse"] = nurse
        made = service.store(bundle, "tests")
        service.go_live(SLUG, "tests")
        portals[SLUG] = current.view_by_id(made.tenant_id)
        return portals[SLUG]

    return make


@pytest.fixture
def people(visit):
    """Make who takes part, each in a browser: `people(view, "member", "doctor", "nurse", "agent")`."""

    def make(view, *wanted):
        with entered(view.id):
            ids = {role: MAKERS[role]() for role in wanted}
            db.session.commit()
            db.session.expunge_all()
        return {role: visit(account_id, slug=SLUG) for role, account_id in ids.items()}

    return make


def _member():
    person = Person("Léa", "Moreau", "lea@example.org", "+33612345678", BORN.isoformat(), "female")
    account = accounts.create_account("patient", person, "", language="en", state="active", country="FR", hashed="!")
    profile.write(account, profile.Declared("FR", "", True))
    consent.accept(account.id, consent.to_accept(), language="en", way="registration")
    members.link(_listed("Moreau", "Léa", "MH-1"), account.id, None)
    return account.id


def _listed(last, first, number):
    return listing.put(listing.Listed(number, number, last, first, BORN, "insured", dt.date(2025, 1, 1)), "file")


def _professional(role, specialty, kind):
    made = makers.make_professional(kind=kind)
    made.pro.specialty = specialty
    made.pro.services = [cases.SERVICE] if kind == "physician" else []
    made.account.language = "en"
    db.session.flush()
    _engaged(made.account.id, role)
    return made.account.id


def _engaged(account_id, role):
    team.set_facts(
        account_id,
        role,
        registered=True,
        practises_in_country=True,
        engaged_from="2025-01-01",
        engaged_until=None,
        by="tests",
    )


def _agent():
    person = Person("Karim", "Bellanger", "agent@example.org", "+33612345679", "", "")
    account = accounts.create_account(
        "partner", person, "", language="en", state="active", hashed="!", party="operator", party_rights=()
    )
    _engaged(account.id, team.AGENT)
    return account.id


MAKERS = {
    "member": _member,
    "doctor": lambda: _professional(team.DOCTOR, "general_practice", "physician"),
    "nurse": lambda: _professional(team.NURSE, "nurse", "allied"),
    "agent": _agent,
}


def told(view):
    with entered(view.id):
        outbox.drain()


def chosen(page, *ids):
    for one in ids:
        page.locator(f"label[for='{one}']").click()


def option(page, name, value):
    chosen(page, page.locator(f"input[name={name}][value={value}]").get_attribute("id"))


def asked(page, *, contact, kind, at=None):
    """The member asks by the web; the id of the case."""
    page.goto(f"{page.base}{X}/ask")
    chosen(page, "em-no", "w-self")
    option(page, "reason", "general")
    page.locator("#f-words").fill("A cough for three days 🤧")
    option(page, "contact", contact)
    option(page, "kind", kind)
    if at is not None:
        page.locator("#f-day").select_option(at.date().isoformat())
        page.locator("#f-time").select_option(f"{at:%H:%M}")
    chosen(page, "f-away")
    page.get_by_role("button", name="Ask for a doctor").click()
    page.get_by_text("Your request was sent").wait_for()
    return re.search(r"/cases/([0-9a-f-]{36})", page.url).group(1)


def carried_out(view, doctor, case):
    """The doctor takes the case, reaches the person by telephone, hangs up and writes the report."""
    doctor.goto(f"{doctor.base}{X}/desk")
    doctor.goto(f"{doctor.base}{X}/desk/{case}")
    doctor.get_by_role("button", name="Take this case").click()
    doctor.get_by_role("button", name="Reached: begin").click()
    doctor.get_by_role("button", name="The call is over: write the report").click()
    reported(view, doctor)


def reported(view, doctor):
    doctor.locator("#f-conclusion").fill("A cold. Rest and warm drinks.")
    doctor.get_by_role("button", name="Save the report").click()
    doctor.get_by_text("A cold. Rest and warm drinks.").wait_for()
    told(view)


def spent(view, case):
    with entered(view.id):
        row = Case.get(uuid.UUID(case))
        found = quota.balance(row.member_id, cases.year_of(row.wanted_at or row.created_at))
        assert (row.state, row.outcome, found.reserved, found.spent) == ("closed", "delivered", 0, 1)


def test_by_the_web_now_with_picture_and_sound(horizon, people, live):
    view = horizon()
    who = people(view, "member", "doctor")
    member, doctor = who["member"], who["doctor"]
    case = asked(member, contact="video", kind="now")
    doctor.goto(f"{doctor.base}{X}/desk/{case}")
    doctor.get_by_role("button", name="Take this case").click()
    doctor.get_by_text("It is yours").wait_for()
    told(view)
    for page in (member, doctor):
        page.reload()
        page.get_by_role("link", name="Go to the waiting room").click()
    doctor.get_by_text("in the waiting room, can be called").wait_for()
    doctor.get_by_role("button", name="Start the call").click()
    for page in (member, doctor):
        assert flows(page)["state"] == "connected"
    doctor.get_by_role("button", name="End the call").click()
    with doctor.expect_navigation():
        doctor.get_by_role("button", name="Yes, end it").click()
    doctor.get_by_role("link", name="Write the report").first.click()
    reported(view, doctor)
    member.goto(f"{member.base}{X}/cases/{case}")
    member.get_by_text("A cold. Rest and warm drinks.").wait_for()
    spent(view, case)


def test_by_the_web_at_a_chosen_time(horizon, people):
    view = horizon()
    who = people(view, "member", "doctor")
    with entered(view.id):
        zone = cases.zone()
        day = dt.datetime.now(zone).date() + dt.timedelta(days=2)
        at = requesting.free_steps(day)[5].astimezone(zone)
    case = asked(who["member"], contact="phone", kind="appointment", at=at)
    carried_out(view, who["doctor"], case)
    who["member"].reload()
    who["member"].get_by_text("A cold. Rest and warm drinks.").wait_for()
    spent(view, case)


def called_in(agent):
    """The agent is led through a call word by word, and saves the request."""
    agent.goto(f"{agent.base}{X}/phone/new")
    option(agent, "emergency", "no")
    for name, text in (
        ("last_name", "Dubois"), ("first_name", "Marc"), ("birth_date", "12/04/1986"), ("phone", "+33612345677"),
        ("postcode", "37000"), ("email", "marc@example.org"),
    ):  # fmt: skip
        field = agent.locator(f"[name={name}]")
        if field.count():
            field.fill(text)
    for part, text in (("day", "12"), ("month", "4"), ("year", "1986")):
        field = agent.locator(f"[name=birth_date_{part}]")
        if field.count():
            field.fill(text)
    option(agent, "who", "self")
    agent.get_by_role("button", name="Check the cover").click()
    agent.get_by_text("Covered: go on.").wait_for()
    chosen(agent, "f-informed", "f-in_person", "f-consent")
    option(agent, "recording", "objected")
    agent.locator("[name=reason]").select_option("general")
    agent.locator("[name=words]").fill("Sore throat since yesterday")
    option(agent, "contact", "phone")
    option(agent, "kind", "now")
    chosen(agent, "f-doctor_away")
    agent.get_by_role("button", name="Save the request").click()
    agent.get_by_text("Saved. Tell the person").wait_for()
    return re.search(r"/phone/([0-9a-f-]{36})", agent.url).group(1)


def reads_by_the_link(view, agent):
    """Who has no account reads the report by the link of the e-mail, and nothing of health stands in the mail."""
    with entered(view.id):
        mail = (
            db.session.execute(
                select(InboxMessage)
                .where(InboxMessage.recipient == "marc@example.org", InboxMessage.channel == "email")
                .order_by(InboxMessage.received_at.desc())
            )
            .scalars()
            .first()
        )
        assert mail is not None
        text = mail.body_text
    assert "cold" not in text.lower()
    path = re.search(r"https?://[^/\s]+(/x/insurer_assistance/[^\s]+)", text).group(1)
    page = agent.context.browser.new_context(locale="en-GB").new_page()
    page.goto(f"{agent.base}{path}")
    page.get_by_text("A cold. Rest and warm drinks.").wait_for()
    page.context.close()


def covered_by_telephone(view):
    with entered(view.id):
        _listed("Dubois", "Marc", "MH-2")
        db.session.commit()


@pytest.mark.rule("IA-070", "IA-026", "IA-027")
def test_by_telephone_by_day_through_a_nurse(horizon, people):
    view = horizon(ALWAYS)
    who = people(view, "agent", "nurse", "doctor")
    covered_by_telephone(view)
    case = called_in(who["agent"])
    nurse = who["nurse"]
    nurse.goto(f"{nurse.base}{X}/nurse/{case}")
    nurse.get_by_role("button", name=re.compile("Take")).click()
    option(nurse, "outcome", "doctor_call_back")
    nurse.get_by_role("button", name="Close the call").click()
    nurse.wait_for_load_state()
    carried_out(view, who["doctor"], case)
    spent(view, case)
    reads_by_the_link(view, who["agent"])


@pytest.mark.rule("IA-028", "IA-070")
def test_by_telephone_at_night_straight_to_a_doctor(horizon, people):
    view = horizon({**ALWAYS, "days": not_now()})
    who = people(view, "agent", "doctor")
    covered_by_telephone(view)
    case = called_in(who["agent"])
    carried_out(view, who["doctor"], case)
    spent(view, case)
    reads_by_the_link(view, who["agent"])

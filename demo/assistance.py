"""The mutual's portal of the demo: members and their covers, the care team, the insurer's account, a few months of work."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import Any

from sqlalchemy import func, select, update

from core import clock
from core.care.consultations import reports
from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import accounts, dependants, profile
from core.identity.accounts import Person
from core.identity.models import Account, ProfessionalProfile
from core.jobs.models import OutboxDelivery
from demo import people
from plugins.insurer_assistance import cases, doctoring, listing, members, quota, readers, requesting, team
from plugins.insurer_assistance.models import Case, Member, Score

SLUG = "mutuelle-horizon"
PHONE = "+33639980001"
DOCTORS = (("Hélène", "Barrois"), ("Mathieu", "Lescure"), ("Nadège", "Quentin"))
NURSE = ("Solène", "Marchand")
AGENT = ("Karim", "Bellanger")
MEMBERS = (
    ("lea", "Léa", "Moreau", "1986-04-12", "MH-1001", "insured"),
    ("paul", "Paul", "Moreau", "1984-09-02", "MH-1001", "spouse"),
    ("ines", "Inès", "Garnier", "1991-11-23", "MH-1002", "insured"),
    ("yann", "Yann", "Le Goff", "1979-01-30", "MH-1003", "insured"),
)
"""Login, names, birth date, contract, role. Inès has used up her year; Yann still has to link his cover."""
CHILD = {
    "first_name": "Noé",
    "last_name": "Moreau",
    "birth_date": "2019-06-14",
    "sex": "male",
    "relation": "parent",
    "declared": "yes",
}
RIGHTS = ("edit_portal", "see_figures", "load_members")
ADMINISTRATOR = ("Odile", "Ferrand")
OTHERS = 24
UNKNOWN = 60
ENDED = {
    "Je tousse depuis trois jours, sans fièvre, surtout la nuit.": "Toux sans signe de gravité. Repos, boissons chaudes, pièce aérée.",
    "J’ai mal à la gorge depuis hier et un peu de fièvre ce matin.": "Angine probable, état général bon. Repos, surveiller la température.",
    "Une piqûre d’insecte au bras, rouge et gonflée depuis deux jours.": "Réaction locale, sans fièvre. Froid sur la piqûre, ne pas gratter.",
    "Mal au dos depuis que j’ai porté un carton, sans douleur dans la jambe.": "Lombalgie commune. Rester actif, chaleur, pas de charge lourde.",
}
WORDS = tuple(ENDED)


def address(name: str) -> str:
    """The e-mail address of a demo account."""
    return f"{name}@{SLUG}.example"


def professionals(hashed: str) -> None:
    """The care team: three general practitioners, a nurse, an agent, with the facts that make their roles active."""
    if accounts.by_email(address("medecin1")) is not None:
        return
    for n, (first, last) in enumerate(DOCTORS):
        account = _professional(
            f"medecin{n + 1}", first, last, "general_practice", "physician", 300200100 + n * 7, hashed
        )
        _facts(account.id, team.DOCTOR)
    _facts(_professional("infirmiere", *NURSE, "nurse", "allied", 0, hashed).id, team.NURSE)
    agent = _of_party("agent", *AGENT, "operator", (), hashed).id
    _facts(agent, team.AGENT)
    _of_party("responsable", *ADMINISTRATOR, "operator", (*RIGHTS, "keep_team"), hashed)
    # Prints the letters to treating doctors, so that they can be walked too.
    readers.name(agent, members.local_day() + dt.timedelta(days=365), by="demo")
    db.session.commit()


def _facts(account_id: uuid.UUID, role: str) -> None:
    team.set_facts(
        account_id,
        role,
        registered=True,
        practises_in_country=True,
        engaged_from="2025-01-01",
        engaged_until=None,
        by="demo",
    )


def _account(role: str, name: str, first: str, last: str, born: str, hashed: str) -> Account:
    person = Person(first, last, address(name), PHONE, born, "female" if first[-1] in "aeè" else "male")
    account = accounts.create_account(role, person, "", language="fr", state="active", country="FR", hashed=hashed)
    consent.accept(account.id, consent.to_accept(), language="fr", way="registration")
    return account


def _professional(name: str, first: str, last: str, specialty: str, kind: str, number: int, hashed: str) -> Account:
    account = _account("professional", name, first, last, "1978-04-12", hashed)
    registrations = [("FR", people.rpps(number))] if number else []
    practitioner = directory.link_practitioner(registrations)
    db.session.add(
        ProfessionalProfile(
            id=account.id, country="FR", specialty=specialty, kind=kind, place="Paris", state="validated", order_confirmed=True,
            practitioner_id=practitioner, decided_at=clock.now(), decided_by="demo",
        )
    )  # fmt: skip
    db.session.flush()
    if number:
        profile.set_identifier(account, profile.identifier_types("professional")["fr_rpps"], people.rpps(number))
    pro = directory.open_profile(
        account_id=account.id, practitioner_id=practitioner, name=f"{first} {last}", title="Dr" if kind == "physician" else "",
        specialty=specialty, kind=kind, country="FR", register_number=people.rpps(number) if number else None, languages=["fr"],
        services=[cases.SERVICE] if kind == "physician" else [],
    )  # fmt: skip
    pro.booking_open = False
    return account


def members_and_work(hashed: str) -> None:
    """Members with logins, others who only fill the figures, and what was done in the last months.

    Each of the three steps is one transaction: a load cut short goes on with the step that lacks.
    """
    if accounts.by_email(address("lea")) is None:
        _members(hashed)
        db.session.commit()
    done = db.session.execute(select(func.count()).select_from(Case)).scalar_one()
    if not done:
        _past()
        _told_long_ago()
        db.session.commit()
    if not db.session.execute(select(Case.id).where(Case.state != cases.CLOSED).limit(1)).first():
        _present()
        db.session.commit()


def _members(hashed: str) -> None:
    for name, first, last, born, contract, role in MEMBERS:
        account = _account("patient", name, first, last, born, hashed)
        profile.write(account, profile.Declared("FR", "", True))
        row = _listed(f"{contract}-{role}", contract, first, last, born, role)
        if name != "yann":
            members.link(row, account.id, None)
        if name == "lea":
            child = dependants.add_dependant(account.id, {**CHILD, "kind": "minor"})
            found = _listed(
                "MH-1001-child1", contract, CHILD["first_name"], CHILD["last_name"], CHILD["birth_date"], "child"
            )
            members.link(found, account.id, child.id)
    for n in range(UNKNOWN):
        _listed(
            f"MH-9{n:03}",
            f"MH-9{n:03}",
            people.FIRST[n % 30],
            f"{people.LAST[n % 40]}",
            f"19{50 + n % 45}-02-1{n % 10}",
            "insured",
        )
    _of_party("assureur", "Martine", "Vallier", "insurer", RIGHTS, hashed)
    _others(hashed)


def _of_party(name: str, first: str, last: str, party: str, rights: tuple[str, ...], hashed: str) -> Account:
    """An account of a party: the insurer's edits the portal and sees figures, never a person's health."""
    person = Person(first, last, address(name), PHONE, "", "")
    return accounts.create_account(
        "partner", person, "", language="fr", state="active", hashed=hashed, party=party, party_rights=rights
    )


def _listed(number: str, contract: str, first: str, last: str, born: str, role: str) -> Member:
    line = listing.Listed(
        number, contract, last, first, dt.date.fromisoformat(born), role, dt.date(2025, 1, 1), residence="FR"
    )
    return listing.put(line, "file")


def _others(hashed: str) -> None:
    for n in range(OTHERS):
        first, last, born = people.FIRST[(n * 7) % 30], people.LAST[(n * 11) % 40], f"19{60 + n % 35}-05-0{1 + n % 9}"
        account = _account("patient", f"adherent{n + 1}", first, last, born, hashed)
        profile.write(account, profile.Declared("FR", "", True))
        members.link(_listed(f"MH-2{n:03}", f"MH-2{n:03}", first, last, born, "insured"), account.id, None)


def _doctors() -> list[Professional]:
    found = []
    for n in range(len(DOCTORS)):
        account = accounts.by_email(address(f"medecin{n + 1}"))
        assert account is not None
        pro = directory.profile_of(account.id)
        assert pro is not None
        found.append(pro)
    return found


def _ask(account_id: uuid.UUID, words: str, **changed: Any) -> Case:
    values: dict[str, Any] = {
        "account_id": account_id, "dependant_id": None, "channel": cases.WEB, "reason": "general", "words": words, "contact": "phone",
        "kind": cases.NOW, "country": "FR", "phone": PHONE, "emergency": False, "treating_doctor_unavailable": True, **changed,
    }  # fmt: skip
    return requesting.from_web(requesting.Wanted(**values))


def _id_of(name: str) -> uuid.UUID:
    found = accounts.by_email(address(name))
    assert found is not None
    return found.id


def _past() -> None:
    """Consultations of the last weeks, each at its own time: most called in time, a few late, nearly all content."""
    source = random.Random(11)  # noqa: S311 (demo data, not a secret)
    doctors, now = _doctors(), clock.now()
    others = [_id_of(f"adherent{n + 1}") for n in range(OTHERS)]
    turns = [a for n, a in enumerate(others) for _ in range(1 + n % 3)]
    source.shuffle(turns)
    days = sorted(source.randint(1, 75) for _ in turns)[::-1]
    for n, (account_id, days_ago) in enumerate(zip(turns, days, strict=True)):
        _held(
            account_id,
            doctors[n % len(doctors)],
            now - dt.timedelta(days=days_ago, minutes=source.randint(0, 600)),
            source,
            WORDS[n % 4],
        )
    _held(_id_of("lea"), doctors[0], now - dt.timedelta(days=12), source, WORDS[2])
    ines = _id_of("ines")
    for n in range(quota.allowed_units()):
        _held(ines, doctors[n % len(doctors)], now - dt.timedelta(hours=2 + 3 * n), source, WORDS[n % 4])


def _held(account_id: uuid.UUID, doctor: Professional, at: dt.datetime, source: random.Random, words: str) -> None:
    """One consultation from the request to the report, at its own time; in the year of that time."""
    with clock.at(at):
        made = _ask(account_id, words)
    wait = source.choice((6, 9, 12, 15, 18, 22, 27, 41))
    with clock.at(at + dt.timedelta(minutes=wait)):
        doctoring.take(doctor, made.id)
        doctoring.attempt(doctor, made.id, doctoring.REACHED)
    with clock.at(at + dt.timedelta(minutes=wait + 11)):
        doctoring.hang_up(doctor, made.id)
        reports.save(
            doctor,
            made.id,
            {
                "conclusion": ENDED[words],
                "advice": "Consulter votre médecin si cela dure plus de cinq jours.",
            },
        )
        cases.close(cases.locked(made.id), "delivered", "professional")
        db.session.add(Score(case_id=made.id, score=source.choice((3, 4, 4, 5, 5, 5)), at=clock.now()))


def _told_long_ago() -> None:
    """What happened weeks ago was told weeks ago: nobody is sent a message of it now."""
    db.session.execute(update(OutboxDelivery).where(OutboxDelivery.done_at.is_(None)).values(done_at=clock.now()))


def _present() -> None:
    """What waits now: one request for as soon as possible, one by video at a chosen time."""
    lea, paul = accounts.by_email(address("lea")), accounts.by_email(address("paul"))
    assert lea is not None
    assert paul is not None
    _ask(paul.id, WORDS[1])
    local = clock.now().astimezone(cases.zone())
    tomorrow = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(18, 30), cases.zone())
    child = dependants.listed(lea.id)[0]
    _ask(
        lea.id, "Noé a des boutons sur le ventre depuis ce matin, sans fièvre.", dependant_id=child.id, contact="video", kind=cases.LATER,
        wanted_at=tomorrow.astimezone(dt.UTC), companion_name="Léa Moreau", companion_quality="parent",
    )  # fmt: skip


def logins() -> list[tuple[str, str]]:
    """(role, e-mail) of those whose logins are printed."""
    return [
        ("adhérente avec enfant", address("lea")),
        ("adhérent (conjoint)", address("paul")),
        ("adhérente, année épuisée", address("ines")),
        ("adhérent, contrat MH-1003", address("yann")),
        ("médecin", address("medecin1")),
        ("infirmière", address("infirmiere")),
        ("agent téléphonique", address("agent")),
        ("exploitant (équipe)", address("responsable")),
        ("assureur", address("assureur")),
    ]

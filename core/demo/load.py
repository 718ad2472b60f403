"""Open the example portals and fill them once: professionals, patients, an operator, weeks of agenda."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from random import Random

from flask import current_app

from core import clock
from core.consent import service as consent
from core.console.service import ensure_console
from core.db import db
from core.demo import agenda, logins, numbers, people
from core.demo.logins import PASSWORD, Login
from core.demo.people import Patient, Pro
from core.directory import linking
from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.identity import accounts, categories, dependants, passwords, professionals, profile, uploads
from core.identity.accounts import Person
from core.identity.models import Account
from core.identity.uploads import Upload
from core.scheduling import hours
from core.tenancy import service
from core.tenancy.current import current_tenant, entered

PORTALS = ("frontalia", "rdv-confiance")
AUTHOR = "demo"
OPERATOR = Login("console", "operator", "operator@demo.example", "validates professionals, sees the running of all portals")
# A white picture of one pixel stands for every copy.
PICTURE = Upload("image/png", bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63f80f00010101001bb6ee56"
    "0000000049454e44ae426082"
))  # fmt: skip


class DemoMissing(Exception):
    """The folder of an example portal is not there."""


def ensure(tenants_dir: Path, port: int) -> list[str]:
    """Apply the example portals, fill those that are empty, and return the lines that tell portals and logins.

    Raises DemoMissing, and TenantRefused for a folder with problems.
    """
    var = current_app.extensions["portico"].settings.var
    _operator()
    logins.keep(var, OPERATOR.portal, [OPERATOR])
    for slug in PORTALS:
        if not (tenants_dir / slug / "tenant.yaml").is_file():
            raise DemoMissing(f"{tenants_dir / slug} is missing: the demo needs the example portals that come with Portico")
        made = service.apply(tenants_dir / slug, AUTHOR)
        if next(t.state for t in service.list_tenants() if t.slug == slug) == "draft":
            service.go_live(slug, AUTHOR)
        with entered(made.tenant_id):
            if accounts.by_email(_email(_patients(slug)[0])) is None:
                logins.keep(var, slug, fill(slug))
                db.session.commit()
    return logins.table(logins.read(var), port)


def fill(slug: str) -> list[Login]:
    """Fill the present portal; the same people and hours every time, the days counted from today."""
    chance = Random(zlib.crc32(slug.encode()))  # noqa: S311 (invented people, not secrets)
    found = [_professional(pro, slug) for pro in people.PROFESSIONALS if slug in pro.portals]
    for pro in people.WAITING:
        if slug in pro.portals:
            _account(pro, slug)
    crowd = [_crowd(chance, i) for i in range(people.CROWD[slug])]
    named = [(_patient(patient), patient) for patient in _patients(slug)]
    db.session.flush()
    agenda.fill(chance, found, crowd)
    agenda.journeys(found, [(account, patient) for account, patient in named if patient.residence])
    lines = [Login(slug, "patient", _email(p), p.note) for _account_, p in named]
    shown = [f for f in found if f.pro.key in ("fr1", "fr4", "fr6", "fr19", "lu1", "fr25")]
    for f in shown:
        both = "; also on the other portal" if len(f.pro.portals) > 1 else ""
        note = f"{f.profile.title} {f.profile.name}".strip() + f", {f.pro.specialty.replace('_', ' ')}, {f.pro.country}{both}"
        lines.append(Login(slug, "professional", f.email, note))
    return lines


@lru_cache(maxsize=1)
def _hashed() -> str:
    return passwords.hash_password(PASSWORD)


def _email(patient: Patient) -> str:
    return _address(patient.first_name, patient.last_name)


def _address(first: str, last: str) -> str:
    plain = str.maketrans("éèêëàâîïôöûüçÉÈÎ", "eeeeaaiioouucEEI")
    return f"{first}.{last}@demo.example".translate(plain).lower()


def _patients(slug: str) -> list[Patient]:
    return [p for p in people.PATIENTS if p.portal == slug]


def _phone(chance: Random) -> str:
    # A range that the French regulator keeps for fiction.
    return f"+33639 98{chance.randint(0, 9999):04d}".replace(" ", "")


def _born(chance: Random, first: int = 1950, last: int = 2004) -> dt.date:
    return dt.date(chance.randint(first, last), chance.randint(1, 12), chance.randint(1, 28))


def _operator() -> None:
    console = ensure_console()
    with entered(console.id):
        if accounts.by_email(OPERATOR.email) is None:
            person = Person("Olivia", "Marten", OPERATOR.email, "+33639980001", "1981-02-03", "female")
            accounts.create_account("operator", person, "", language=console.language, state="active", hashed=_hashed())
            db.session.commit()


def _open(role: str, person: Person, *, country: str | None = None) -> Account:
    language = current_tenant().language
    account = accounts.create_account(role, person, "", language=language, state="active", country=country, hashed=_hashed())
    consent.accept(account.id, consent.to_accept(), language=language, way="registration")
    return account


def _prove(chance: Random, account: Account, born: dt.date, sex: str, identifiers: Sequence[str], documents: Sequence[str]) -> None:
    holder = "professional" if account.role == "professional" else "patient"
    types = profile.identifier_types(holder)
    for code in identifiers:
        wrong = profile.set_identifier(account, types[code], numbers.MAKERS[code](chance, born, sex))
        if wrong is not None:
            raise ValueError(f"{code}: {wrong}")
    for code in documents:
        uploads.keep(account, code, PICTURE)


# -- patients ------------------------------------------------------------------------------------------------------


def _settle(chance: Random, account: Account, person: Person, category: str, declared: profile.Declared) -> None:
    asked, copies = categories.proofs(category, current_tenant().dispatcher)
    _prove(chance, account, person.born, person.sex, asked, copies)
    profile.write(account, declared)


def _patient(patient: Patient) -> Account:
    chance = Random(patient.last_name)  # noqa: S311 (as above)
    person = Person(patient.first_name, patient.last_name, _email(patient), _phone(chance), patient.born, patient.sex)
    account = _open("patient", person)
    if patient.residence:
        declared = profile.Declared(patient.residence, patient.workplace, True, patient.statuses)
        _settle(chance, account, person, patient.category, declared)
    if patient.child:
        today = clock.today(current_tenant().time_zone)
        born = dt.date(today.year - 8, 5, 14)
        data = {"first_name": patient.child, "last_name": patient.last_name, "birth_date": born.isoformat(), "sex": "other"}
        dependants.add_dependant(account.id, {**data, "relation": "parent"})
    return account


def _crowd(chance: Random, number: int) -> Account:
    """A patient who only fills agendas: a name, no login in the list, so nothing to accept either."""
    sex = chance.choice(("female", "male"))
    first, last = chance.choice(people.FIRST[sex]), chance.choice(people.LAST)
    address = f"{_address(first, last).partition('@')[0]}.{number}@demo.example"
    person = Person(first, last, address, _phone(chance), _born(chance).isoformat(), sex)
    return accounts.create_account("patient", person, "", language=current_tenant().language, state="active", hashed=_hashed())


# -- professionals -------------------------------------------------------------------------------------------------


def _who(pro: Pro) -> tuple[Random, Person]:
    """The person behind a professional: the same on every portal."""
    chance = Random(f"pro-{pro.key}")  # noqa: S311 (as above)
    sex = chance.choice(("female", "male"))
    index = [p.key for p in (*people.PROFESSIONALS, *people.WAITING)].index(pro.key)
    first, last = chance.choice(people.FIRST[sex]), people.LAST[index]
    born = _born(chance, 1958, 1990)
    return chance, Person(first, last, _address(first, last), _phone(chance), born.isoformat(), sex)


def _account(pro: Pro, slug: str) -> tuple[Random, Account, Person, tuple[str, str]]:
    chance, person = _who(pro)
    account = _open("professional", person, country=pro.country)
    country = professionals.practice_country(pro.country)
    if country is None:
        raise ValueError(f"{slug} accepts no professionals of {pro.country}")
    _prove(chance, account, person.born, person.sex, country.identifiers, country.documents)
    town = chance.choice(people.TOWNS[pro.country])
    street = f"{chance.randint(1, 60)} {chance.choice(people.STREETS)}"
    professionals.declare(account, country=pro.country, specialty=pro.specialty, place=f"{street}, {town[0]} {town[1]}")
    return chance, account, person, (street, " ".join(town))


def _professional(pro: Pro, slug: str) -> agenda.Found:
    chance, account, person, (street, town) = _account(pro, slug)
    made = _validated(account)
    offered = [s.code for s in directory.offered_services()]
    wanted = ["in_person"]
    if made.kind == "physician" or chance.random() < 0.4:
        wanted.append("video_consultation")
    if made.kind == "physician" and pro.country == "FR" and chance.random() < 0.7:
        wanted.append("teleconsultation")
    languages = ["fr", *(["de", "en"] if pro.country == "LU" else ["en"] if chance.random() < 0.5 else ["de"])]
    directory.edit_profile(
        made,
        presentation=people.PRESENTATIONS,
        languages=languages,
        services=[s for s in wanted if s in offered],
        booking_open=True,
    )
    places = _practices(chance, made, street, town)
    return agenda.Found(pro, made, person.email, places, _reasons(chance, made))


def _validated(account: Account) -> Professional:
    """As the operator's validation does, without writing forty e-mails to people who do not exist."""
    row = db.session.get_one(professionals.ProfessionalProfile, (current_tenant().id, account.id))
    row.state, row.order_confirmed, row.decided_at, row.decided_by = "validated", True, clock.now(), AUTHOR
    db.session.flush()
    row.practitioner_id = linking.open_directory_entry(professionals.view(account, row))
    made = directory.profile_of(account.id)
    if made is None:
        raise ValueError(f"no profile was opened for {account.id}")
    return made


def _practices(chance: Random, made: Professional, street: str, town: str) -> dict[str, Practice]:
    postal_code, _space, city = town.partition(" ")
    zone = people.ZONES[made.country]
    name = {"FR": "Cabinet", "LU": "Cabinet médical"}[made.country] + f" {street.split(' ', 1)[1]}"
    places = {
        "in_person": directory.add_practice(
            made, mode="in_person", name=name, street=street, postal_code=postal_code, city=city, country=made.country, time_zone=zone,
            access_note=chance.choice(["", "Accès de plain-pied, sonnez au rez-de-chaussée.", "Deuxième étage, ascenseur."]),
        )
    }  # fmt: skip
    remote = [s for s in made.services if s != "in_person"]
    if remote:
        places["virtual"] = directory.add_practice(made, mode="virtual", name="Vidéo", country=made.country, time_zone=zone)
    _hours(chance, made, places, remote)
    return places


def _hours(chance: Random, made: Professional, places: dict[str, Practice], remote: list[str]) -> None:
    since = clock.today(places["in_person"].time_zone) - dt.timedelta(days=30)
    grid = chance.choice((15, 20, 20, 30))
    closed = chance.randint(1, 5)
    for weekday in range(1, 6):
        if weekday == closed and "virtual" in places:
            hours.add_hours(
                made, places["virtual"], weekday=weekday, opens=dt.time(9), closes=dt.time(12), grid_minutes=grid, services=remote,
                valid_from=since,
            )  # fmt: skip
        if weekday == closed:
            continue
        spans = [(dt.time(8, 30) if grid != 20 else dt.time(8, 40), dt.time(12)), (dt.time(14), dt.time(chance.choice((17, 18, 19))))]
        for opens, closes in spans:
            hours.add_hours(
                made, places["in_person"], weekday=weekday, opens=opens, closes=closes, grid_minutes=grid, services=["in_person"],
                valid_from=since,
            )  # fmt: skip


def _reasons(chance: Random, made: Professional) -> list[directory.VisitReason]:
    length = current_tenant().config["services"]
    base = chance.choice((3000, 3000, 4000, 5500, 6000)) if made.kind == "physician" else chance.choice((2500, 3200, 4500))
    return [
        directory.add_reason(
            made, label=label, service=code, duration_minutes=length[code]["duration_minutes"] * (2 if "Première" in label else 1),
            price_cents=base + (1000 if "Première" in label else 0),
        )
        for code in made.services
        for label in people.REASONS.get(code, [])
    ]  # fmt: skip

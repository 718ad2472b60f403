"""Load the demo once: portals, professionals with weeks of agenda, patients of each category, an operator."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app

from core import clock
from core.consent import service as consent
from core.console.service import ensure_console
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import accounts, dependants, passwords, profile, uploads
from core.identity.accounts import Person
from core.identity.models import Account, ProfessionalProfile
from core.scheduling import hours, service, slots
from core.scheduling import people as booking_people
from core.tenancy import service as tenancy
from core.tenancy.current import current_tenant, entered
from demo import people

PASSWORD = "Portico-demo-2026!"  # noqa: S105 (printed on purpose: a demo's)
PORTALS = ("frontalia", "rdv-confiance")
PHONE = "+33600000000"
ZONES = {"FR": "Europe/Paris", "LU": "Europe/Luxembourg"}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082".replace(
        " ", ""
    )
)


def ensure(tenants_dir: Path, port: int) -> list[str]:
    """Load what is not there yet; returns the lines to print: portals and logins."""
    console = ensure_console()
    note = current_app.extensions["portico"].settings.var / "demo-logins.json"
    views = {}
    for slug in PORTALS:
        done = tenancy.apply(tenants_dir / slug, "demo", "demo")
        state = next(t.state for t in tenancy.list_tenants() if t.slug == slug)
        if state == "draft":
            tenancy.go_live(slug, "demo")
        views[slug] = done.tenant_id
    if not note.is_file():
        hashed = passwords.hash_password(PASSWORD)
        logins = [("console", "operator", _operator(console.id, hashed))]
        shared: uuid.UUID | None = None
        for slug in PORTALS:
            with entered(views[slug]):
                found, shared = _fill(hashed, shared)
                logins += [(slug, role, email) for role, email in found]
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"password": PASSWORD, "logins": logins}, indent=1), encoding="utf-8")
    kept = json.loads(note.read_text(encoding="utf-8"))
    lines = [f"  {slug:<16} http://{slug}.localhost:{port}/" for slug in (*PORTALS, "console")]
    lines += ["", f"  Password of all logins: {kept['password']}  (codes land in each portal's /dev/inbox)"]
    lines += [f"  {slug:<16} {role:<28} {email}" for slug, role, email in kept["logins"]]
    return lines


def _operator(tenant_id: int, hashed: str) -> str:
    email = "operator@console.example"
    with entered(tenant_id):
        if accounts.by_email(email) is None:
            person = Person("Odile", "Régnier", email, PHONE, "1975-03-02", "female")
            accounts.create_account("operator", person, "", language="fr", state="active", hashed=hashed)
            db.session.commit()
    return email


def _account(
    role: str, first: str, last: str, email: str, born: str, hashed: str, country: str | None = None
) -> Account:
    person = Person(first, last, email, PHONE, born, "female" if first[-1] in "aeè" else "male")
    account = accounts.create_account(
        role, person, "", language=current_tenant().language, state="active", country=country, hashed=hashed
    )
    consent.accept(account.id, consent.to_accept(), language=current_tenant().language, way="registration")
    return account


def _fill(hashed: str, shared: uuid.UUID | None) -> tuple[list[tuple[str, str]], uuid.UUID | None]:
    tenant = current_tenant()
    logins: list[tuple[str, str]] = []
    known = {s.code: s for s in tenant.dispatcher.collect("specialties")}
    teams = people.professionals(set(known), 40 if tenant.slug == "frontalia" else 8)
    made = []
    first_practitioner: uuid.UUID | None = None
    for i, one in enumerate(teams):
        email = f"pro{i + 1}@{tenant.slug}.example"
        account = _account("professional", one.first, one.last, email, "1978-04-12", hashed, one.country)
        kind = "physician" if known[one.specialty].medical else "allied"
        registrations = [(one.country, one.rpps)] if one.country == "FR" else []
        practitioner = directory.link_practitioner(registrations)
        first_practitioner = first_practitioner or practitioner
        db.session.add(
            ProfessionalProfile(
                id=account.id, country=one.country, specialty=one.specialty, kind=kind, place=one.place[2], state="validated", order_confirmed=True,
                practitioner_id=practitioner, decided_at=clock.now(), decided_by="demo",
            )
        )  # fmt: skip
        if one.country == "FR":
            kinds = profile.identifier_types("professional")
            profile.set_identifier(account, kinds["fr_rpps"], one.rpps)
            profile.set_identifier(account, kinds["fr_cps"], f"24{i:08d}")
        for type_ in ("national_identity_card", "cps_card") if one.country == "FR" else ("identity_card",):
            uploads.keep(account, type_, uploads.Upload("image/png", PIXEL))
        made.append((_publish(one, account, practitioner, kind), one))
        if i in (0, 1, 3):
            role = f"{'médecin' if kind == 'physician' else 'autre soignant'} {one.country}"
            logins.append((role + (" (deux portails)" if i == 0 else ""), email))
    db.session.commit()
    patients = _patients(hashed)
    logins += [(f"patient {label}", email) for label, email, _id in patients]
    logins.append(("soignant à valider", _pending(hashed)))
    db.session.commit()
    _book([p for p, _one in made], [i for _l, _e, i in patients], _more_patients(hashed))
    return logins, shared or first_practitioner


def _publish(one: people.DemoProfessional, account: Account, practitioner: uuid.UUID, kind: str) -> Professional:
    offered = {s.code for s in directory.offered_services()}
    services = ["in_person"] + (["video_consultation"] if one.video else [])
    if kind == "physician" and one.country == "FR" and one.video and "teleconsultation" in offered:
        services.append("teleconsultation")
    pro = directory.open_profile(
        account_id=account.id, practitioner_id=practitioner, name=f"{one.first} {one.last}", title="Dr" if kind == "physician" else "",
        specialty=one.specialty, kind=kind, country=one.country, register_number=one.rpps if one.country == "FR" else None,
        languages=["fr", "de"] if one.country == "LU" else ["fr"], services=[s for s in services if s in offered],
    )  # fmt: skip
    pro.presentation = {
        "fr": f"Je reçois à {one.place[2]}, sur rendez-vous.",
        "en": f"I see patients in {one.place[2]}, by appointment.",
    }
    street, code, city = one.place
    zone = ZONES[one.country]
    cabinet = directory.add_practice(
        pro,
        mode="in_person",
        name=f"Cabinet de {city}",
        street=street,
        postal_code=code,
        city=city,
        country=one.country,
        time_zone=zone,
    )
    directory.add_reason(pro, label="Première consultation", service="in_person", duration_minutes=40, price_cents=5000)
    directory.add_reason(pro, label="Consultation de suivi", service="in_person", duration_minutes=20, price_cents=3000)
    start = clock.today(zone) - dt.timedelta(days=7)
    for weekday in (1, 2, 3, 4, 5):
        hours.add_hours(
            pro,
            cabinet,
            weekday=weekday,
            opens=dt.time(9),
            closes=dt.time(12),
            grid_minutes=20,
            services=["in_person"],
            valid_from=start,
        )
    remote = [s for s in pro.services if s != "in_person"]
    if remote:
        room = directory.add_practice(pro, mode="virtual", name="Vidéo", country=one.country, time_zone=zone)
        for code_ in remote:
            label = "Téléconsultation" if code_ == "teleconsultation" else "Conseil en vidéo"
            directory.add_reason(pro, label=label, service=code_, duration_minutes=20, price_cents=2500)
        for weekday in (1, 2, 4, 5):
            hours.add_hours(
                pro,
                room,
                weekday=weekday,
                opens=dt.time(14),
                closes=dt.time(17),
                grid_minutes=20,
                services=remote,
                valid_from=start,
            )
    return pro


def _patients(hashed: str) -> list[tuple[str, str, uuid.UUID]]:
    slug = current_tenant().slug
    numbers = {
        "fr_nir": people.nir("2850757123456"),
        "lu_matricule": people.matricule("19850712", 1),
        "be_eid": people.eid(5912345678),
        "identity_number": "C01X00T47",
    }
    rows = (
        ("français", "Alice", "Fontaine", "FR", "", ("fr_nir",), ("vitale_card",)),
        ("frontalier", "Bruno", "Lorrain", "FR", "LU", ("fr_nir", "lu_matricule"), ("vitale_card", "cns_card")),
        ("luxembourgeois", "Carlo", "Wolff", "LU", "", ("lu_matricule",), ("cns_card",)),
        ("belge", "Dirk", "Peeters", "BE", "", ("be_eid",), ("e_id_card",)),
        ("autre pays", "Eva", "Schulz", "DE", "", ("identity_number",), ("identity_document",)),
    )
    made = []
    for n, (label, first, last, home, work, ids, documents) in enumerate(rows):
        email = f"{first.lower()}@{slug}.example"
        account = _account("patient", first, last, email, "1985-07-12", hashed)
        kinds = profile.identifier_types("patient")
        for code in ids:
            if code in kinds:
                value = (
                    numbers[code]
                    if n != 1
                    else {"fr_nir": people.nir("1850757654321"), "lu_matricule": people.matricule("19850712", 2)}[code]
                )
                profile.set_identifier(account, kinds[code], value)
        for type_ in documents:
            uploads.keep(account, type_, uploads.Upload("image/png", PIXEL))
        profile.write(account, profile.Declared(home, work, True))
        if n == 0:
            dependants.add_dependant(
                account.id,
                {
                    "first_name": "Zoé",
                    "last_name": last,
                    "birth_date": "2018-05-20",
                    "kind": "minor",
                    "relation": "parent",
                    "sex": "female",
                },
            )
        made.append((label, email, account.id))
    return made


def _more_patients(hashed: str) -> list[uuid.UUID]:
    """French patients who fill the agendas; they have no login of their own in the list."""
    kinds = profile.identifier_types("patient")
    made = []
    for n, (first, last) in enumerate(people.NEIGHBOURS):
        account = _account(
            "patient", first, last, f"voisin{n + 1}@{current_tenant().slug}.example", f"19{60 + n}-03-14", hashed
        )
        profile.set_identifier(account, kinds["fr_nir"], people.nir(f"2{60 + n}0357463{n + 101:03d}"))
        uploads.keep(account, "vitale_card", uploads.Upload("image/png", PIXEL))
        profile.write(account, profile.Declared("FR", "", True))
        made.append(account.id)
    return made


def _pending(hashed: str) -> str:
    email = f"candidat@{current_tenant().slug}.example"
    account = _account("professional", "Hélène", "Candas", email, "1981-01-15", hashed, "FR")
    db.session.add(
        ProfessionalProfile(
            id=account.id,
            country="FR",
            specialty="general_practice",
            kind="physician",
            place="Metz",
            state="pending",
            order_confirmed=False,
        )
    )
    db.session.flush()
    kinds = profile.identifier_types("professional")
    profile.set_identifier(account, kinds["fr_rpps"], people.rpps(100999001))
    profile.set_identifier(account, kinds["fr_cps"], "2400123456")
    for type_ in ("national_identity_card", "cps_card"):
        uploads.keep(account, type_, uploads.Upload("image/png", PIXEL))
    return email


def _book(pros: list[Professional], known: list[uuid.UUID], others: list[uuid.UUID]) -> None:
    """A few weeks of agenda: bookings that the rules allow, two or three for each known patient, the rest for others."""
    source = random.Random(7)  # noqa: S311 (demo data, not a secret)
    bookers = [booking_people.booker(i) for i in others]
    turns = [booking_people.booker(i) for i in known * 3]
    today = dt.datetime.now(ZoneInfo(current_tenant().time_zone)).date()
    for n, pro in enumerate(pros[:12]):
        reason = directory.reasons_of(pro.id)[1]
        free = slots.slots_of(pro.id, reason.service, reason.duration_minutes, today, 21)
        for k, slot in enumerate(source.sample(free, min(len(free), 6 if n else 14))):
            chosen = turns.pop() if turns and k < 2 else source.choice(bookers)
            try:
                service.book(
                    chosen,
                    professional_id=pro.id,
                    reason_id=reason.id,
                    practice_id=slot.practice_id,
                    starts_at=slot.starts_at,
                    terms_version="2026-11",
                )
                db.session.commit()
            except (service.NotAllowed, service.SlotGone):
                db.session.rollback()

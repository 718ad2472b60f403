"""Load the demo once: portals, professionals with weeks of agenda, patients of each category, an operator."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import random
import threading
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from core import clock
from core.consent import service as consent
from core.console.portals import revisions
from core.console.service import ensure_console
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.embedded.forking import CAN_FORK, fork
from core.identity import accounts, dependants, passwords, profile, uploads
from core.identity.accounts import Person
from core.identity.models import Account, ProfessionalProfile
from core.identity.parties import RIGHTS
from core.scheduling import booking, hours, service_access, slots, times
from core.scheduling import people as booking_people
from core.scheduling.models import Appointment
from core.tenancy import service as tenancy
from core.tenancy.current import current_tenant, entered
from demo import assistance, care, people

PASSWORD = "Portico-demo-2026!"  # noqa: S105 (printed on purpose: a demo's)
PORTALS = ("frontalia", "rdv-confiance", "mutuelle-horizon")
SHARE = 16
"""The first portal's professionals after these are as many as these and the other portal's."""
PHONE = "+33600000000"
PATIENTS = (
    ("français", "Alice", "Fontaine", "FR", "", ("fr_nir",), ("vitale_card",)),
    ("frontalier", "Bruno", "Lorrain", "FR", "LU", ("fr_nir", "lu_matricule"), ("vitale_card", "cns_card")),
    ("luxembourgeois", "Carlo", "Wolff", "LU", "", ("lu_matricule",), ("cns_card",)),
    ("belge", "Dirk", "Peeters", "BE", "", ("be_eid",), ("e_id_card",)),
    ("autre pays", "Eva", "Schulz", "DE", "", ("identity_number",), ("identity_document",)),
)
CANDIDATE = "candidat"
PARTNER = "partenaire"
ZONES = {"FR": "Europe/Paris", "LU": "Europe/Luxembourg"}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082".replace(
        " ", ""
    )
)


def ensure(tenants_dir: Path, port: int) -> Generator[None, None, list[str]]:
    """Load what is not there yet; returns the lines to print: portals and logins.

    Before the `yield`, all that a visitor sees: portals with their professionals and opening hours. After it, while
    first pages are already answered: patients, who fill the agendas. A load cut short goes on at the next start.
    """
    console = ensure_console()
    note = current_app.extensions["portico"].settings.var / "demo-logins.json"
    if note.is_file():
        # An earlier start loaded everything: pages are answered as they stand, and a folder changed since follows.
        yield
    views = {}
    for slug in PORTALS:
        views[slug] = _in_force(tenants_dir / slug)
        state = next(t.state for t in tenancy.list_tenants() if t.slug == slug)
        if state == "draft":
            tenancy.go_live(slug, "demo")
    if not note.is_file():
        # They all have one password, which is printed: hashed once.
        hashed = passwords.hash_password(PASSWORD)
        _all_professionals(views, hashed)
        yield
        logins = [("console", "operator", _operator(console.id, hashed))]
        for slug in PORTALS:
            with entered(views[slug]):
                if slug == assistance.SLUG:
                    assistance.professionals(hashed)
                    assistance.members_and_work(hashed)
                    logins += [(slug, role, email) for role, email in assistance.logins()]
                    continue
                _people(hashed)
                _book()
                _consult()
                logins += [(slug, role, email) for role, email in _logins()]
        note.parent.mkdir(parents=True, exist_ok=True)
        whole = note.with_suffix(".new")
        whole.write_text(json.dumps({"password": PASSWORD, "logins": logins}, indent=1), encoding="utf-8")
        whole.replace(note)
    kept = json.loads(note.read_text(encoding="utf-8"))
    lines = [f"  {slug:<16} http://{slug}.localhost:{port}/" for slug in (*PORTALS, "console")]
    lines += ["", f"  Password of all logins: {kept['password']}  (codes land in each portal's /dev/inbox)"]
    lines += [f"  {slug:<16} {role:<28} {email}" for slug, role, email in kept["logins"]]
    return lines


def _in_force(folder: Path) -> int:
    """Put a portal's folder in force; what somebody published from the console since stays instead."""
    known = next((t for t in tenancy.list_tenants() if t.slug == folder.name), None)
    if known is not None and revisions(known.id)[0].author.startswith("partner:"):
        return known.id
    return tenancy.apply(folder, "demo", "demo").tenant_id


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


def _team() -> list[tuple[str, people.DemoProfessional, str]]:
    """(e-mail, professional, kind) of the portal's professionals, the same at each call."""
    tenant = current_tenant()
    known = {s.code: s for s in tenant.dispatcher.collect("specialties")}
    return [
        (f"pro{i + 1}@{tenant.slug}.example", one, "physician" if known[one.specialty].medical else "allied")
        for i, one in enumerate(people.professionals(set(known), 40 if tenant.slug == "frontalia" else 8))
    ]


def _all_professionals(views: dict[str, int], hashed: str) -> None:
    """The professionals of both portals, by two processes where there may be two: first pages wait for them.

    The first one goes before, and with them what a portal makes once for all. Those who are in both portals are the
    first of each: one process enters them.
    """
    if all(_entered(views[slug]) for slug in PORTALS if slug != assistance.SLUG):
        return
    large, *others = (slug for slug in PORTALS if slug != assistance.SLUG)  # no visitor sees its care team
    _in_portal(views[large], hashed, slice(1))
    with _beside(lambda: _in_portal(views[large], hashed, slice(SHARE, None))):
        _in_portal(views[large], hashed, slice(1, SHARE))
        for slug in others:
            _in_portal(views[slug], hashed, slice(None))


def _entered(tenant_id: int) -> bool:
    """Whether the last of each share is there: a later start forks for nobody."""
    with entered(tenant_id):
        team = _team()
        last = [team[0], team[min(SHARE, len(team)) - 1], team[-1]]
        return all(accounts.by_email(email) is not None for email, *_one in last)


def _in_portal(tenant_id: int, hashed: str, which: slice) -> None:
    with entered(tenant_id):
        _professionals(hashed, which)
    db.session.remove()


@contextlib.contextmanager
def _beside(run: Callable[[], None]) -> Iterator[None]:
    """Another process runs this meanwhile; where a fork is not safe, this one before. Raises RuntimeError when it fails."""
    if not CAN_FORK or threading.active_count() > 1:
        run()
        yield
        return
    # Two processes on one connection would read each other's answers.
    db.engine.dispose()
    other = fork(run, name="portico-demo", arguments=["demo"], close=[])
    try:
        yield
    finally:
        with other.stdout as said:
            words = said.read().decode(errors="replace").strip()
        code = other.wait()
    if code:
        raise RuntimeError(f"the demo's professionals could not be loaded: {words}")


def _professionals(hashed: str, which: slice) -> None:
    """These of the portal's professionals in one transaction: they are there, or none of them is."""
    team = list(enumerate(_team()))[which]
    if accounts.by_email(team[0][1][0]) is not None:
        return
    for i, (email, one, kind) in team:
        account = _account("professional", one.first, one.last, email, "1978-04-12", hashed, one.country)
        registrations = [(one.country, one.rpps)] if one.country == "FR" else []
        practitioner = directory.link_practitioner(registrations)
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
        care.offer(_publish(one, account, practitioner, kind), i)
    db.session.commit()


def _people(hashed: str) -> None:
    """Patients, and a professional who waits to be validated, in one transaction."""
    if accounts.by_email(_address(CANDIDATE)) is None:
        _patients(hashed)
        _pending(hashed)
        _partner(hashed)
        _more_patients(hashed)
        db.session.commit()


def _partner(hashed: str) -> None:
    """Somebody of the organisation behind the portal, who edits it."""
    person = Person("Paule", "Rivière", _address(PARTNER), PHONE, "", "")
    accounts.create_account(
        "partner", person, "", language=current_tenant().language, state="active", hashed=hashed, party="operator",
        party_rights=RIGHTS,
    )  # fmt: skip


def _address(name: str) -> str:
    return f"{name}@{current_tenant().slug}.example"


def _id_of(name: str) -> uuid.UUID:
    found = accounts.by_email(_address(name))
    assert found is not None
    return found.id


def _logins() -> list[tuple[str, str]]:
    """(role, e-mail) of those whose logins are printed."""
    found = []
    for i, (email, one, kind) in enumerate(_team()):
        if i in (0, 1, 3):
            role = f"{'médecin' if kind == 'physician' else 'autre soignant'} {one.country}"
            found.append((role + (" (deux portails)" if i == 0 else ""), email))
    found += [(f"patient {label}", _address(first.lower())) for label, first, *_more in PATIENTS]
    return [*found, ("soignant à valider", _address(CANDIDATE)), ("partenaire", _address(PARTNER))]


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
    hours.add_week(
        pro, cabinet, weekdays=(1, 2, 3, 4, 5), opens=dt.time(9), closes=dt.time(12), grid_minutes=20,
        services=["in_person"], valid_from=start,
    )  # fmt: skip
    remote = [s for s in pro.services if s != "in_person"]
    if remote:
        room = directory.add_practice(pro, mode="virtual", name="Vidéo", country=one.country, time_zone=zone)
        for code_ in remote:
            label = "Téléconsultation" if code_ == "teleconsultation" else "Conseil en vidéo"
            directory.add_reason(pro, label=label, service=code_, duration_minutes=20, price_cents=2500)
        hours.add_week(
            pro, room, weekdays=(1, 2, 4, 5), opens=dt.time(14), closes=dt.time(17), grid_minutes=20, services=remote,
            valid_from=start,
        )  # fmt: skip
    return pro


def _patients(hashed: str) -> None:
    numbers = {
        "fr_nir": people.nir("2850757123456"),
        "lu_matricule": people.matricule("19850712", 1),
        "be_eid": people.eid(5912345678),
        "identity_number": "C01X00T47",
    }
    for n, (_label, first, last, home, work, ids, documents) in enumerate(PATIENTS):
        account = _account("patient", first, last, _address(first.lower()), "1985-07-12", hashed)
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
                    "declared": "yes",
                },
            )


def _more_patients(hashed: str) -> None:
    """French patients who fill the agendas; they have no login of their own in the list."""
    kinds = profile.identifier_types("patient")
    for n, (first, last) in enumerate(people.NEIGHBOURS):
        account = _account("patient", first, last, _address(f"voisin{n + 1}"), f"19{60 + n}-03-14", hashed)
        profile.set_identifier(account, kinds["fr_nir"], people.nir(f"2{60 + n}0357463{n + 101:03d}"))
        uploads.keep(account, "vitale_card", uploads.Upload("image/png", PIXEL))
        profile.write(account, profile.Declared("FR", "", True))


def _pending(hashed: str) -> None:
    account = _account("professional", "Hélène", "Candas", _address(CANDIDATE), "1981-01-15", hashed, "FR")
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


def _book() -> None:
    """A few weeks of agenda: bookings that the rules allow, two or three for each known patient, the rest for others.

    Each is a transaction of its own, as a patient's is; a professional who has one already is left as they are.
    """
    source = random.Random(7)  # noqa: S311 (demo data, not a secret)
    bookers = [booking_people.booker(_id_of(f"voisin{n + 1}")) for n in range(len(people.NEIGHBOURS))]
    turns = [booking_people.booker(_id_of(first.lower())) for _label, first, *_more in PATIENTS] * 3
    today = dt.datetime.now(ZoneInfo(current_tenant().time_zone)).date()
    busy = set(db.session.execute(select(Appointment.professional_id)).scalars())
    for n, (email, _one, _kind) in enumerate(_team()[:12]):
        account = accounts.by_email(email)
        pro = directory.profile_of(account.id) if account is not None else None
        if pro is None or pro.id in busy:
            continue
        reason = directory.reasons_of(pro.id)[1]
        free = slots.slots_of(pro.id, reason.service, reason.duration_minutes, today, 21)
        for k, slot in enumerate(source.sample(free, min(len(free), 6 if n else 14))):
            chosen = turns.pop() if turns and k < 2 else source.choice(bookers)
            try:
                booking.book(
                    chosen,
                    professional_id=pro.id,
                    reason_id=reason.id,
                    practice_id=slot.practice_id,
                    starts_at=slot.starts_at,
                    terms_version="2026-11",
                )
                db.session.commit()
            except (service_access.NotAllowed, times.SlotGone):
                db.session.rollback()


QUESTIONS = (
    "Bonjour, je tousse depuis quelques jours, surtout la nuit. Dois-je consulter au cabinet ?",
    "Ma fille a une petite plaque rouge sur le bras qui la démange. Que puis-je faire en attendant ?",
)


def _consult() -> None:
    """Consultations where the portal offers them by message."""
    if any(s.code == "express_consultation" for s in directory.offered_services()):
        named = [_id_of(first.lower()) for _label, first, *_more in PATIENTS]
        care.fill(named)
        db.session.commit()
        care.consult(
            [(account_id, QUESTIONS[n % 2]) for n, account_id in enumerate(named)],
            [email for email, *_one in _team()[:8]],
        )

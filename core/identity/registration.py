"""Registration: fields, boxes, proofs checked together; one link by e-mail; nothing told of who is known already."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import NotFound

from core import audit, clock, i18n
from core.consent import service as consent
from core.consent.documents import LegalVersion
from core.db import db
from core.hooks.types import DocumentType, IdentifierType
from core.identity import accounts, passwords, professionals, profile, recovery, throttle, tokens, uploads
from core.identity.accounts import Person
from core.identity.models import Account
from core.identity.policy import policy
from core.identity.schemas import UNDERTAKING, Errors, ProfessionalForm, check, patient_form
from core.identity.sign_in import wait_message
from core.identity.uploads import Upload
from core.jobs import announce
from core.messages import Message, _
from core.notifications.service import Recipient, notify
from core.tenancy import keys
from core.tenancy.current import current_tenant

# What else belongs to a new account, in the same transaction (the identity of a provider); raises to undo all.
OnOpened = Callable[[Account], None]
_PERSON = ("first_name", "last_name", "email", "phone", "birth_date", "sex")
# Registrations from one network address: a family or an office, not a machine.
IP_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a registration came to: errors by field, or done (the same for an address that is known already)."""

    errors: Errors = field(default_factory=dict)
    done: bool = False
    kept: Mapping[str, str] = field(default_factory=dict)


def box(version: LegalVersion) -> str:
    """The name of a document's box in forms."""
    return f"accept_{version.code}"


def _boxes(form: Mapping[str, Any]) -> Errors:
    """Each document is accepted by itself, in the version shown (CB-061, CB-062)."""
    errors: Errors = {}
    for v in consent.to_accept():
        if form.get(box(v)) != v.version:
            errors[box(v)] = [_("Without this agreement no account can be opened.")]
    return errors


def register_patient(form: Mapping[str, Any], *, language: str, ip: str, opened: OnOpened | None = None) -> Outcome:
    """Register a patient. All errors at once, by field; nothing is stored while there are any."""
    _portals_only()
    data, errors = check(patient_form(), form)
    errors |= _boxes(form)
    errors |= _too_many(ip) if not errors else {}
    if errors:
        return Outcome(errors)
    account = _open(data, "patient", language, data.get("residence") or None)
    if account is not None and (data.get("residence") or data.get("workplace") or data.get("postcode")):
        said = {k: data.get(k, "") for k in ("residence", "workplace", "postcode")}
        profile.write(account, profile.Declared(**said))
    if account is not None:
        shown = i18n.render(UNDERTAKING, language, current_tenant().words(language))
        digest = hashlib.sha256(shown.encode()).hexdigest()
        audit.record("account.undertaking", "account", account.id, {"digest": digest, "language": language})
    if account is not None and opened is not None:
        opened(account)
    return Outcome(done=True)


def _portals_only() -> None:
    """Nobody opens an account at the operator's console: it is made by a command. Raises NotFound."""
    if current_tenant().is_console:
        raise NotFound


def _too_many(ip: str) -> Errors:
    wait = throttle.take("register", ip, factor=IP_FACTOR)
    return {"form": [wait_message(wait)]} if wait else {}


def _open(data: Mapping[str, Any], role: str, language: str, country: str | None) -> Account | None:
    """Make the account, or write to the person who has the address already; the visitor sees the same."""
    hashed = passwords.hash_password(data["password"])
    person = Person(**{k: data[k] for k in _PERSON})
    known = accounts.by_email(data["email"])
    account: Account | None = None
    if known is None:
        try:
            with db.session.begin_nested():
                account = accounts.create_account(role, person, "", language=language, country=country, hashed=hashed)
        except IntegrityError:  # the same form sent twice at once: the other one was first
            known = accounts.by_email(data["email"])
    if known is not None:
        if known.state == "pending_confirmation":
            recovery.confirmation_link(known)
        else:
            notify(
                "account_exists",
                account_id=known.id,
                person_id=known.person_id,
                to=accounts.recipient(known),
                link="/sign-in",
            )
        return None
    assert account is not None
    consent.accept(account.id, consent.to_accept(), language=language, way="registration")
    recovery.confirmation_link(account)
    return account


@dataclass(frozen=True, slots=True)
class Proofs:
    """The numbers and copies that a country of practice asks for."""

    identifiers: tuple[IdentifierType, ...]
    documents: tuple[DocumentType, ...]


def proofs_of(country: str) -> Proofs:
    """What a professional of this country supplies; nothing for a country that is not on offer."""
    found = professionals.practice_country(country)
    if found is None:
        return Proofs((), ())
    types = profile.identifier_types("professional")
    documents = {d.code: d for d in current_tenant().dispatcher.collect("document_types") if d.holder == "professional"}
    return Proofs(
        tuple(types[c] for c in found.identifiers if c in types),
        tuple(documents[c] for c in found.documents if c in documents),
    )


def register_professional(
    form: Mapping[str, Any], files: Mapping[str, Any], *, language: str, ip: str, opened: OnOpened | None = None
) -> Outcome:
    """Register a professional with the numbers and copies of the country (CB-090 to CB-092).

    Files that are good are kept while the rest is mended: `kept` maps their field to a token for the form.
    """
    _portals_only()
    data, errors = check(ProfessionalForm(), form)
    errors |= _boxes(form)
    country = data.get("country", "")
    if country and data.get("specialty") and data["specialty"] not in professionals.specialties(country):
        errors["specialty"] = [_("Please choose a specialty of the list.")]
    proofs = proofs_of(country)
    numbers: dict[str, str] = {}
    for kind in proofs.identifiers:
        typed = str(form.get(kind.code) or "").strip()
        checked = kind.check(typed) if typed and len(typed) <= profile.IDENTIFIER_MAX else None
        if checked is None:
            errors[kind.code] = [_("Please fill this in. Example: {example}", example=kind.example)]
        elif checked.error is not None:
            errors[kind.code] = [checked.error]
        else:
            numbers[kind.code] = typed
    copies, kept, wrong = _copies(proofs, form, files)
    errors |= wrong
    errors |= _too_many(ip) if not errors else {}
    if errors:
        return Outcome(errors, kept=_keep(copies, kept))
    return _finish(data, numbers, copies, kept, proofs, language, opened)


def _copies(
    proofs: Proofs, form: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[dict[str, Upload], dict[str, str], Errors]:
    copies: dict[str, Upload] = {}
    kept: dict[str, str] = {}
    errors: Errors = {}
    for document in proofs.documents:
        token = str(form.get(f"{document.code}_kept") or "")
        file = files.get(document.code)
        if file is None or not file.filename:
            upload = uploads.unstash(document.code, token)
            if upload is not None:
                copies[document.code], kept[document.code] = upload, token
                continue
        upload, wrong = uploads.receive(file)
        if upload is not None:
            copies[document.code] = upload
        elif wrong is not None:
            errors[document.code] = [wrong]
    return copies, kept, errors


def _keep(copies: Mapping[str, Upload], kept: Mapping[str, str]) -> dict[str, str]:
    return {code: kept.get(code) or uploads.stash(code, upload) for code, upload in copies.items()}


def _finish(
    data: Mapping[str, Any],
    numbers: Mapping[str, str],
    copies: Mapping[str, Upload],
    kept: Mapping[str, str],
    proofs: Proofs,
    language: str,
    opened: OnOpened | None,
) -> Outcome:
    account = _open(data, "professional", language, data["country"])
    if account is None:
        uploads.unkeep(list(kept.values()))
        return Outcome(done=True)
    types = {t.code: t for t in proofs.identifiers}
    errors: Errors = {}
    for code, value in numbers.items():
        wrong = profile.set_identifier(account, types[code], value)
        if wrong is not None:
            errors[code] = [wrong]
    if errors:
        db.session.rollback()
        return Outcome(errors, kept=_keep(copies, kept))
    for code, upload in copies.items():
        uploads.keep(account, code, upload)
    uploads.unkeep(list(kept.values()))
    professionals.declare(account, country=data["country"], specialty=data["specialty"], place=data["place"])
    if opened is not None:
        opened(account)
    return Outcome(done=True)


# -- the link of the e-mail ----------------------------------------------------------------------------------------


def pending(token: str) -> Account | None:
    """The account that a confirmation link would open, while it is good; looking does not use it."""
    row = tokens.look(token, "confirm")
    if row is None:
        return None
    account = accounts.by_id(row.account_id)
    return account if account.state == "pending_confirmation" else None


def consents() -> list[LegalVersion]:
    """The consents to processing that activation asks for expressly (CB-278)."""
    return [v for v in consent.to_accept() if v.consent]


def activate(token: str, ticked: Mapping[str, Any], *, language: str) -> Errors | None:
    """Open the account by its link (CB-087, CB-278). Errors by field, None when it is open.

    Without the express consent the account stays closed and the link stays good. Raises LookupError for a link that
    is unknown, used or ran out.
    """
    account = pending(token)
    if account is None:
        raise LookupError("this link is not good")
    wanted = consents()
    errors: Errors = {
        box(v): [_("Without this consent the account cannot be opened.")]
        for v in wanted
        if ticked.get(box(v)) != v.version
    }
    if errors:
        return errors
    if tokens.use(token, "confirm") is None:
        raise LookupError("this link is not good")
    activate_account(account)
    consent.accept(
        account.id, wanted, language=language, way="express", act_kind="activation", act_id=account.id, method=consent.BY_LINK,
    )  # fmt: skip
    return None


def activate_account(account: Account) -> None:
    """The address is confirmed: the account is open, and those who want to know are told."""
    account.state, account.confirmed_at = "active", clock.now()
    audit.record("account.confirmed", "account", account.id)
    announce("account_registered", {"account_id": str(account.id), "role": account.role})


def send_link_again(email: str, ip: str) -> int:
    """Another confirmation link; the same for every address. Returns the seconds to wait, else 0."""
    return recovery.forgot(email, ip)


def confirmed_email(token: str) -> uuid.UUID | None:
    """Take over a new address by the link sent there; the account's id, or None for a link that is not good."""
    row = tokens.use(token, "email")
    if row is None or row.sealed is None:
        return None
    account = accounts.by_id(row.account_id, lock=True)
    address = keys.unseal(account.person_id, "account_tokens", "sealed", row.sealed).decode()
    other = accounts.by_email(address)
    if other is not None and other.id != account.id:
        return None
    accounts.change_person(account, email=address)
    return account.id


def ask_email(account: Account, address: str) -> None:
    """Send a link to a new address; it counts once the link is opened."""
    hours = policy()["confirmation_validity_hours"]
    sealed = keys.seal(account.person_id, "account_tokens", "sealed", address)
    token = tokens.issue(account.id, "email", dt.timedelta(hours=hours), sealed)
    to = accounts.recipient(account)
    notify(
        "account_confirm",
        account_id=account.id,
        person_id=account.person_id,
        to=Recipient(address, "", to.language, to.zone, to.name),
        params={"hours": hours},
        link=f"/confirm-address/{token}",
    )


def resend_message() -> Message:
    """What is said after any request for a link."""
    return _("If this address belongs to an account, a message is on its way. Look into the spam folder too.")

"""The insurer's own sign-on: who comes by it has the cover linked that the insurer's claims name, where the list has it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from core.plugin_api import Domain, IdentityProvider
from core.plugin_api.people import described
from core.plugin_api.tables import db, record
from plugins.insurer_assistance import cases, members
from plugins.insurer_assistance.members import Asked
from plugins.insurer_assistance.models import Cover, Member

_ = Domain("insurer_assistance")
CONTRACT, NUMBER = "contract_number", "member_number"


def arrived(account_id: uuid.UUID, said: Mapping[str, str]) -> None:
    """Link the cover of the signed-in person. Name and date of birth of the account must be those of the list: somebody
    who connects another's identity gets no cover by it. Nobody is told here: the page of the cover says what is there."""
    if "oidc" not in cases.settings("eligibility")["sources"] or members.of_person(account_id, None) is not None:
        return
    who = described(account_id, None)
    found = _by_number(said[NUMBER], said.get(CONTRACT, "")) if said.get(NUMBER) else None
    if found is None and said.get(CONTRACT):
        answer = members.in_list(Asked(who.last_name, who.first_name, who.born, said[CONTRACT]))
        found = answer.member
    if found is None:
        return
    same = found.person_blind == members.person_mark(who.last_name, who.first_name, who.born)
    if not same or not members.standing(found).ok:
        record(
            "assistance.cover_not_linked", "account", account_id, {"reason": "standing" if same else "another_person"}
        )
        return
    members.link(found, account_id, None)


def _by_number(number: str, contract: str) -> Member | None:
    query = (
        select(Member)
        .join(Cover, (Cover.tenant_id == Member.tenant_id) & (Cover.id == Member.cover_id))
        .where(Member.key_blind == members.key_mark(number))
    )
    if contract:
        query = query.where(Cover.contract_blind == members.contract_mark(contract))
    return db.session.execute(query).scalar_one_or_none()


PROVIDER = IdentityProvider(
    "insurer",
    _("your insurer"),
    "patient",
    {},
    scopes=("openid", "profile", "email"),
    claims={
        "first_name": ("given_name",),
        "last_name": ("family_name",),
        "birth_date": ("birthdate",),
        "sex": ("gender",),
        "email": ("email",),
        "email_verified": ("email_verified",),
        "phone": ("phone_number",),
    },
    help=_("The account that you have with your insurer. Your cover is found by it."),
    weight=10,
    carried={CONTRACT: ("contract_number", "numero_contrat"), NUMBER: ("member_number", "numero_adherent")},
    arrived=arrived,
)

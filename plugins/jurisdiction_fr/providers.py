"""Identity services of France: Pro Santé Connect for professionals, FranceConnect+ for patients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from core.plugin_api import Domain, Exercise, IdentityProvider, ProviderSite, Specialty

_ = Domain("jurisdiction_fr")
PHYSICIAN = "10"
_REALM = "/auth/realms/esante-wallet"
# The discovery document has a name of its own, and its authorisation endpoint lies on the host `wallet.…`.
_DOCUMENT = _REALM + "/.well-known/wallet-openid-configuration"
_FRANCE_CONNECT = "/api/v2/.well-known/openid-configuration"


def rpps_of(claims: Mapping[str, Any]) -> str | None:
    """The RPPS number: the national identifier is an 8 and the RPPS; test accounts may have neither."""
    for name in ("SubjectNameID", "preferred_username"):
        value = str(claims.get(name) or "")
        if len(value) == 12 and value.isascii() and value.isdigit() and value[0] == "8":
            return value[1:]
    others = claims.get("otherIds")
    for other in others if isinstance(others, list) else ():
        if isinstance(other, Mapping) and str(other.get("origine", "")).upper() == "RPPS":
            value = str(other.get("identifiant") or "")
            return value[1:] if len(value) == 12 and value[0] == "8" else value
    return None


def exercises_of(claims: Mapping[str, Any], specialties: Sequence[Specialty] = ()) -> tuple[Exercise, ...]:
    """Every exercise with each of its places: none, one or several; which one is meant, only the person knows."""
    return tuple({e.code: e for e in _exercises(claims, specialties)}.values())


def _exercises(claims: Mapping[str, Any], specialties: Sequence[Specialty]) -> Iterator[Exercise]:
    reference = claims.get("SubjectRefPro")
    found = reference.get("exercices") if isinstance(reference, Mapping) else None
    for row in found if isinstance(found, list) else ():
        if not isinstance(row, Mapping):
            continue
        profession, skill = _text(row, "codeProfession"), _text(row, "codeSavoirFaire")
        specialty = _specialty(profession, skill, specialties)
        words = specialty.label.msgid if specialty is not None else ""
        activities = row.get("activities")
        places = [a for a in activities if isinstance(a, Mapping)] if isinstance(activities, list) else []
        for place in places or [{}]:
            site = _text(place, "numeroFinessSite") or _text(place, "numeroSiretSite")
            name = _text(place, "raisonSocialeSite")
            code = "|".join((profession, skill, _text(place, "codeModeExercice"), site or name))
            label = " · ".join(x for x in (name, site) if x)
            yield Exercise(code, label or words or profession, specialty.code if specialty is not None else "", name)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return str(value).strip() if isinstance(value, (str, int)) else ""


def _specialty(profession: str, skill: str, specialties: Sequence[Specialty]) -> Specialty | None:
    """A physician's by the skill (TRE_R38), everybody else's by the profession (TRE_G15)."""
    offered = [s for s in specialties if s.until is None]
    for s in offered:
        if skill and skill in s.codes.get("TRE_R38", ()):
            return s
    if profession == PHYSICIAN:
        return None
    return next((s for s in offered if profession and profession in s.codes.get("TRE_G15", ())), None)


def providers(specialties: Sequence[Specialty]) -> tuple[IdentityProvider, ...]:
    """What France contributes."""
    return (
        IdentityProvider(
            "pro_sante_connect",
            _("Pro Santé Connect"),
            "professional",
            {
                "production": ProviderSite(
                    f"https://auth.esw.esante.gouv.fr{_REALM}", f"https://auth.esw.esante.gouv.fr{_DOCUMENT}"
                ),
                "test": ProviderSite(
                    f"https://auth.bas.psc.esante.gouv.fr{_REALM}", f"https://auth.bas.psc.esante.gouv.fr{_DOCUMENT}"
                ),
            },
            scopes=("openid", "scope_all"),
            # The one level that is given; it does not say two factors, so the one-time code follows unless the portal
            # decides otherwise from a day on (`two_factors`).
            acr_asked="eidas1",
            acr=("eidas1",),
            client_auth="client_secret_post",
            userinfo="signed",
            claims={"first_name": ("given_name",), "last_name": ("family_name",)},
            country="FR",
            identifier="fr_rpps",
            number=rpps_of,
            exercises=partial(exercises_of, specialties=specialties),
            help=_("With your e-CPS app or your CPS card."),
            weight=10,
        ),
        IdentityProvider(
            "france_connect_plus",
            _("FranceConnect+"),
            "patient",
            {
                "production": ProviderSite(
                    "https://auth.franceconnect.gouv.fr/api/v2",
                    f"https://auth.franceconnect.gouv.fr{_FRANCE_CONNECT}",
                ),
                "test": ProviderSite(
                    "https://auth.integ01.dev-franceconnect.fr/api/v2",
                    f"https://auth.integ01.dev-franceconnect.fr{_FRANCE_CONNECT}",
                ),
            },
            # The social-security number is not among what it gives.
            scopes=("openid", "given_name", "family_name", "birthdate", "gender", "email"),
            acr_asked="eidas2",
            acr=("eidas2", "eidas3"),
            two_factors={dt.date(2026, 1, 1): ("eidas2", "eidas3")},
            client_auth="client_secret_post",
            userinfo="signed",
            encrypted=True,
            claims={
                "first_name": ("given_name_array", "given_name"),
                "last_name": ("family_name",),
                "birth_date": ("birthdate",),
                "sex": ("gender",),
                "email": ("email",),
                "email_verified": ("email_verified",),
            },
            weight=20,
        ),
    )

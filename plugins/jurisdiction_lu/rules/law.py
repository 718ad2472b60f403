"""Which law governs the parties whom Luxembourg law protects or binds."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import Domain, LegalReference, Parameters

_ = Domain("jurisdiction_lu")
PARTIES = ("lu_resident", "professional:LU")
_SITE = "https://legilux.public.lu"
HEALTH_CODE = f"{_SITE}/eli/etat/leg/code/sante"
CONSUMER_CODE = f"{_SITE}/eli/etat/leg/code/consommation"
CIVIL_CODE = f"{_SITE}/eli/etat/leg/code/civil"
PRIVACY_ACT = f"{_SITE}/eli/etat/leg/loi/2018/08/01/a686/jo"
DECLARATION = "https://guichet.public.lu/fr/entreprises/sectoriel/sante/medecins/notification-effets-indesirables-medicaments.html"
GDPR = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"


def references(parameters: Parameters, day: dt.date) -> tuple[LegalReference, ...]:
    """The references of a day (CB-019, CB-042, CB-265)."""
    health, consumer = _("Health code of Luxembourg"), _("Consumer code of Luxembourg")
    privacy, gdpr = _("Data protection act of Luxembourg"), _("General Data Protection Regulation")
    article = parameters.at("force_majeure_article", day).value
    rows = []
    for party in PARTIES:
        rows += [
            LegalReference("applicable_law", party, "Code de la santé", health, HEALTH_CODE, "CB-019", 10),
            LegalReference("applicable_law", party, "Code de la consommation", consumer, CONSUMER_CODE, "CB-019", 20),
            LegalReference("data_protection", party, "Regulation (EU) 2016/679", gdpr, GDPR, "CB-042", 10),
            LegalReference("data_protection", party, "Loi du 1er août 2018", privacy, PRIVACY_ACT, "CB-042", 20),
            LegalReference("data_protection", party, "Code de la santé", health, HEALTH_CODE, "CB-042", 30),
        ]
    clause = f"Code civil (Luxembourg), article {article}"
    rows.append(
        LegalReference("force_majeure", "lu_resident", clause, _("Civil code of Luxembourg"), CIVIL_CODE, "CB-265")
    )
    declare = _("Declaration of adverse effects in Luxembourg")
    rows.append(
        LegalReference(
            "adverse_effects", "professional:LU", "Directive 2001/83/EC, article 102", declare, DECLARATION, "CB-196"
        )
    )
    return tuple(rows)

"""Which law governs the parties whom French law protects or binds."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import Domain, LegalReference, Parameters

_ = Domain("jurisdiction_fr")
PATIENTS = ("fr_resident", "fr_cross_border")
PARTIES = (*PATIENTS, "professional:FR")
_SITE = "https://www.legifrance.gouv.fr"
HEALTH_CODE = f"{_SITE}/codes/texte_lc/LEGITEXT000006072665"
CIVIL_CODE = f"{_SITE}/codes/texte_lc/LEGITEXT000006070721"
CONSUMER_CODE = f"{_SITE}/codes/texte_lc/LEGITEXT000006069565"
DECLARATION = "https://signalement.social-sante.gouv.fr/"
GDPR = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"


def references(parameters: Parameters, day: dt.date) -> tuple[LegalReference, ...]:
    """The references of a day (CB-018, CB-041, CB-264)."""
    health, civil, consumer = _("Public health code of France"), _("Civil code of France"), _("Consumer code of France")
    gdpr = _("General Data Protection Regulation")
    article = parameters.at("force_majeure_article", day).value
    rows = []
    for party in PARTIES:
        rows += [
            LegalReference("applicable_law", party, "Code de la santé publique", health, HEALTH_CODE, "CB-018", 10),
            LegalReference("applicable_law", party, "Code civil", civil, CIVIL_CODE, "CB-018", 20),
            LegalReference("applicable_law", party, "Code de la consommation", consumer, CONSUMER_CODE, "CB-018", 30),
            LegalReference(
                "data_protection", party, "Regulation (EU) 2016/679", gdpr, GDPR, "CB-041", 10
            ),
            LegalReference(
                "data_protection", party, "Loi n° 78-17 du 6 janvier 1978", _("Data protection act of France"),
                f"{_SITE}/loda/id/JORFTEXT000000886460", "CB-041", 20,
            ),
            LegalReference("data_protection", party, "Code de la santé publique", health, HEALTH_CODE, "CB-041", 30),
        ]  # fmt: skip
    rows += [
        LegalReference("force_majeure", party, f"Code civil, article {article}", civil, CIVIL_CODE, "CB-264")
        for party in PATIENTS
    ]
    declare = _("Public health code of France: declaration of adverse effects")
    rows.append(
        LegalReference(
            "adverse_effects", "professional:FR", "Code de la santé publique, article R.5121-161", declare, DECLARATION,
            "CB-196",
        )
    )  # fmt: skip
    return tuple(rows)

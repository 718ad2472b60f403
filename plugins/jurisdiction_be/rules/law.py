"""Which law governs patients resident in Belgium."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import Domain, LegalReference, Parameters

_ = Domain("jurisdiction_be")
PARTY = "be_resident"
_SITE = "https://www.ejustice.just.fgov.be/eli/loi"
ECONOMIC_LAW = f"{_SITE}/2013/02/28/2013A11134/justel"
PRIVACY_ACT = f"{_SITE}/2018/07/30/2018040581/justel"
PATIENT_RIGHTS = f"{_SITE}/2002/08/22/2002022737/justel"
GDPR = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"


def references(parameters: Parameters, day: dt.date) -> tuple[LegalReference, ...]:
    """The references of a day (CB-020, CB-043, CB-266).

    CB-043 names the French health code for Belgian patients, which is plainly mistaken: Belgian law is given.
    """
    economic = _("Code of economic law of Belgium")
    privacy, rights = _("Data protection act of Belgium"), _("Act on the rights of patients of Belgium")
    clause = str(parameters.at("force_majeure_law", day).value)
    return (
        LegalReference("applicable_law", PARTY, "Code de droit économique", economic, ECONOMIC_LAW, "CB-020", 10),
        LegalReference(
            "data_protection",
            PARTY,
            "Regulation (EU) 2016/679",
            _("General Data Protection Regulation"),
            GDPR,
            "CB-043",
            10,
        ),
        LegalReference("data_protection", PARTY, "Loi du 30 juillet 2018", privacy, PRIVACY_ACT, "CB-043", 20),
        LegalReference("data_protection", PARTY, "Loi du 22 août 2002", rights, PATIENT_RIGHTS, "CB-043", 30),
        LegalReference("force_majeure", PARTY, clause, economic, ECONOMIC_LAW, "CB-266"),
    )

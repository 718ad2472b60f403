"""A family as lines of a file of the insurer's list, and how such a file is written."""

from __future__ import annotations

import csv
import io

HEADER = (
    "number", "contract number", "role", "last name", "first name", "birth date", "opens on", "closes on", "residence", "protected",
    "exclusions",
)  # fmt: skip
FRENCH = (
    "Numéro d'adhérent", "N° de contrat", "Qualité", "Nom", "Prénom", "Date de naissance", "Date d'ouverture",
    "Date de fermeture", "Pays de résidence", "Protégé", "Exclusions",
)  # fmt: skip
LEA = ("N1", "C-100", "insured", "Dûpré", "Léa", "1980-05-01", "2026-01-01", "", "FR", "no", "")
PAUL = ("N2", "C-100", "spouse", "Dûpré", "Paul", "02/06/1981", "01/01/2026", "", "FR", "no", "")
ZOE = ("N3", "C-100", "child", "Dûpré", "Zoé", "2015-07-03", "2026-01-01", "2033-07-02", "FR", "no", "")


def written(
    *rows: tuple[str, ...], header: tuple[str, ...] = HEADER, separator: str = ";", encoding: str = "utf-8"
) -> bytes:
    """A file with these lines."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([header, *rows])
    return out.getvalue().encode(encoding)

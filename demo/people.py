"""Names, places and numbers of the demo. Everything is invented; the numbers fit their check digits."""

from __future__ import annotations

import random
from dataclasses import dataclass

from stdnum import luhn, verhoeff

FIRST = (
    "Claire", "Paul", "Émilie", "Marc", "Sophie", "Jean", "Anne", "Luc", "Éloïse", "Pierre", "Nadia", "Olivier", "Katrin", "Thomas", "Inès", "Michel",
    "Carole", "Yves", "Léa", "Antoine", "Manon", "Gilles", "Sarah", "Hugo", "Monique", "Nico", "Françoise", "Tom", "Danielle", "Guy",
)  # fmt: skip
LAST = (
    "Lambert", "Keller", "Marchal", "Weber", "Aubertin", "Schmitt", "Collin", "Reuter", "Mangin", "Thill", "Noël", "Hoffmann", "Châtelain", "Wagner",
    "Perrin", "Schneider", "Gérardin", "Kieffer", "Toussaint", "Muller", "Bastien", "Faber", "Vautrin", "Steffen", "Richard", "Weis", "Humbert", "Krier",
    "Delattre", "Majerus", "Lhuillier", "Scholtes", "Barbier", "Klein", "Renauld", "Theisen", "Maire", "Lorang", "Poirel", "Hansen",
)  # fmt: skip
PLACES = {
    "FR": (
        ("12 rue Serpenoise", "57000", "Metz"), ("4 place Stanislas", "54000", "Nancy"), ("8 rue de Paris", "57100", "Thionville"),
        ("21 rue Carnot", "54190", "Villerupt"), ("3 avenue de la Gare", "57330", "Hettange-Grande"), ("15 Grand-Rue", "54400", "Longwy"),
    ),
    "LU": (
        ("10 avenue de la Liberté", "L-1930", "Luxembourg"), ("5 rue de l’Alzette", "L-4010", "Esch-sur-Alzette"),
        ("2 route d’Arlon", "L-8008", "Strassen"), ("18 Grand-Rue", "L-9050", "Ettelbruck"),
    ),
}  # fmt: skip
NEIGHBOURS = (
    ("Jeanne", "Colin"), ("Hélène", "Mathis"), ("Lucie", "Barth"), ("Agathe", "Petit"), ("Simone", "Henrion"), ("Rose", "Didier"),
    ("Mireille", "Antoine"), ("Odette", "Masson"), ("Camille", "Gérard"), ("Nina", "Pauly"), ("Paule", "Remy"), ("Zélie", "Muller"),
)  # fmt: skip
SPECIALTIES = (
    ("general_practice", "physician"), ("dermatology", "physician"), ("paediatrics", "physician"), ("cardiology", "physician"), ("psychiatry", "physician"),
    ("ophthalmology", "physician"), ("physiotherapy", "allied"), ("midwifery", "allied"), ("speech_therapy", "allied"), ("dietetics", "allied"),
)  # fmt: skip


@dataclass(frozen=True)
class DemoProfessional:
    """One professional of the demo."""

    first: str
    last: str
    country: str
    specialty: str
    rpps: str
    place: tuple[str, str, str]
    video: bool


def rpps(number: int) -> str:
    """A register number with its check digit."""
    body = f"1{number:09d}"
    return body + luhn.calc_check_digit(body)


def matricule(day: str, sequence: int) -> str:
    """A Luxembourg number of a birth day YYYYMMDD."""
    body = f"{day}{sequence:03d}"
    return body + luhn.calc_check_digit(body) + verhoeff.calc_check_digit(body)


def nir(body: str) -> str:
    """A French number of 13 digits with its key."""
    return body + f"{97 - int(body) % 97:02d}"


def eid(number: int) -> str:
    """A Belgian card number with its key."""
    return f"{number:010d}{number % 97 or 97:02d}"


def professionals(codes: set[str], count: int = 40) -> list[DemoProfessional]:
    """The same professionals at each call; specialties among those that the portal knows."""
    source = random.Random(20261121)  # noqa: S311 (demo data, not a secret)
    known = [s for s in SPECIALTIES if s[0] in codes] or [(c, "") for c in sorted(codes)]
    made = []
    for i in range(count):
        country = "FR" if i % 5 < 3 else "LU"
        made.append(
            DemoProfessional(
                FIRST[i % len(FIRST)], LAST[i % len(LAST)], country, known[i % len(known)][0], rpps(100200300 + i * 7),
                source.choice(PLACES[country]), i % 3 != 2,
            )
        )  # fmt: skip
    return made

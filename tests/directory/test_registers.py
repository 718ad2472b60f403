"""Import of public registers: drifting headers, several exercises, faults that are told, nobody struck off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from stdnum import luhn

from core import clock
from core.directory import registers
from core.directory.registers import ImportRefused, import_register
from core.hooks.registers import RegisterEntry, RegisterFault, RegisterRefused, normal
from plugins.jurisdiction_be.register import FORMATS as BE
from plugins.jurisdiction_fr import SPECIALTIES
from plugins.jurisdiction_fr.register import FORMATS as FR
from plugins.jurisdiction_lu.register import FORMATS as LU

ACTIVITIES, SKILLS = FR
LABELS = """Type d'identifiant PP|Identifiant PP|Identification nationale PP|Code civilité d'exercice|Libellé civilité d'exercice|Code civilité|
Libellé civilité|Nom d'exercice|Prénom d'exercice|Code profession|Libellé profession|Code catégorie professionnelle|Libellé catégorie professionnelle|
Code type savoir-faire|Libellé type savoir-faire|Code savoir-faire|Libellé savoir-faire|Code mode exercice|Libellé mode exercice|Numéro SIRET site|
Numéro SIREN site|Numéro FINESS site|Numéro FINESS établissement juridique|Identifiant technique de la structure|Raison sociale site|
Enseigne commerciale site|Complément destinataire (coord. structure)|Complément point géographique (coord. structure)|
Numéro Voie (coord. structure)|Indice répétition voie (coord. structure)|Code type de voie (coord. structure)|Libellé type de voie (coord. structure)|
Libellé Voie (coord. structure)|Mention distribution (coord. structure)|Bureau cedex (coord. structure)|Code postal (coord. structure)|
Code commune (coord. structure)|Libellé commune (coord. structure)|Code pays (coord. structure)|Libellé pays (coord. structure)|
Téléphone (coord. structure)|Téléphone 2 (coord. structure)|Télécopie (coord. structure)|Adresse e-mail (coord. structure)|
Code Département (structure)|Libellé Département (structure)|Ancien identifiant de la structure|Autorité d'enregistrement|Code secteur d'activité|
Libellé secteur d'activité|Code section tableau pharmaciens|Libellé section tableau pharmaciens|Code rôle|Libellé rôle|Code genre activité|
Libellé genre activité""".replace("\n", "").split("|")


def rpps(number: int) -> str:
    body = f"1{number:09d}"
    return body + luhn.calc_check_digit(body)


def line(number: str, last: str = "MARTIN", first: str = "Zoé", **more: str) -> bytes:
    row = [""] * 56
    row[0], row[1], row[2] = more.get("kind", "8"), number, "8" + number
    row[7], row[8], row[9] = last, first, more.get("profession", "10")
    row[13], row[15], row[37] = more.get("skill_type", "S"), more.get("skill", "SM54"), more.get("town", "Metz")
    return ("|".join(row) + "|\r\n").encode(more.get("encoding", "utf-8"))


def header(labels: list[str] = LABELS, encoding: str = "utf-8") -> bytes:
    return ("|".join(labels) + "|\r\n").encode(encoding)


def entry(number: str, country: str = "FR") -> registers.Entry | None:
    from core.db import db, global_scope

    with global_scope():
        found = registers.look_up(country, number)
        if found is not None:
            db.session.expunge(found)
        db.session.rollback()
    return found


def test_the_header_has_the_fifty_six_columns() -> None:
    assert len(LABELS) == 56


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Libellé civilité d'exercice", "Libellé civilité exercice"),
        ("Code postal (coord. structure)", "Code postal (coord. Structure)"),
        ("Numéro Voie (coord. structure)", "NUMERO VOIE"),
    ],
)
def test_labels_that_drift_are_the_same(one: str, other: str) -> None:
    assert normal(one) == normal(other)


def test_several_exercises_of_a_person_are_one_entry(app: Any) -> None:
    who = rpps(101)
    report = import_register(
        ACTIVITIES,
        [header(), line(who, skill="SM54", town="Metz"), line(rpps(102)), line(who, skill="SM57", town="Nancy")],
    )
    assert (report.lines, report.merged, report.refused) == (3, 2, 0)
    found = entry(who)
    assert found is not None
    assert (found.last_name, found.first_name, found.professions) == ("MARTIN", "Zoé", ["10"])
    assert (found.skills, found.places) == (["SM54", "SM57"], ["Metz", "Nancy"])


def test_a_file_in_windows_letters_is_read_the_same(app: Any) -> None:
    who = rpps(103)
    import_register(ACTIVITIES, [header(encoding="cp1252"), line(who, "NOËL", "Éloïse", encoding="cp1252")])
    found = entry(who)
    assert found is not None
    assert (found.last_name, found.first_name) == ("NOËL", "Éloïse")


def test_columns_may_move_and_be_renamed(app: Any) -> None:
    moved = [*LABELS[40:], *LABELS[:40]]
    drifted = [label.replace("d'exercice", "exercice").replace("Code rôle", "Code fonction").upper() for label in moved]
    fields = line(rpps(104)).decode().strip().rstrip("|").split("|")
    fields += [""] * (56 - len(fields))
    import_register(ACTIVITIES, [header(drifted), ("|".join([*fields[40:], *fields[:40]]) + "|\n").encode()])
    found = entry(rpps(104))
    assert found is not None
    assert found.last_name == "MARTIN"


def test_faults_are_told_by_line_and_the_rest_goes_on(app: Any) -> None:
    told: list[RegisterFault] = []
    lines = [
        header(),
        line(rpps(105)),
        b"8|too|short|\n",
        line("123"),
        line(rpps(106), kind="7"),
        b"\n",
        line(rpps(107)),
    ]
    report = import_register(ACTIVITIES, lines, told=told.append)
    assert [f.line for f in told] == [3, 4, 5]
    assert (report.merged, report.refused) == (2, 3)
    assert "123" in str(told[1].message)
    assert entry(rpps(107)) is not None


def test_a_file_of_something_else_is_refused_and_changes_nothing(app: Any) -> None:
    with pytest.raises(RegisterRefused, match="Identifiant PP"):
        import_register(ACTIVITIES, [b"a;b;c\n", b"1;2;3\n"])
    with pytest.raises(ImportRefused, match="no line"):
        import_register(ACTIVITIES, [header()])


def test_the_file_of_specialties_completes_and_strikes_nobody_off(app: Any) -> None:
    first, second = rpps(110), rpps(111)
    import_register(ACTIVITIES, [header(), line(first, skill="", skill_type=""), line(second, skill="SM15")])
    labels = LABELS[:9] + LABELS[13:17]
    companion = ["|".join(["8", first, "8" + first, *[""] * 6, "S", "", "SM26", ""]) + "|\n"]
    companion.append("|".join(["8", second, "8" + second, *[""] * 6, "C", "", "C12", ""]) + "|\n")
    report = import_register(SKILLS, [header(labels), *(c.encode() for c in companion)])
    assert (report.merged, report.absent) == (1, 0)
    one, other = entry(first), entry(second)
    assert one is not None
    assert other is not None
    assert (one.skills, one.last_name) == (["SM26"], "MARTIN")
    assert other.skills == ["SM15"], "a competence is no specialty, and what was known stays"
    import_register(ACTIVITIES, [header(), line(first, skill="", skill_type=""), line(second)])
    again = entry(first)
    assert again is not None
    assert again.skills == ["SM26"], "a newer main file without skills forgets none"


def test_an_absence_is_marked_and_never_a_removal(app: Any) -> None:
    numbers = [rpps(200 + n) for n in range(40)]
    noon = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    with clock.at(noon):
        import_register(ACTIVITIES, [header(), *(line(n) for n in numbers)])
    with clock.at(noon + dt.timedelta(days=1)):
        report = import_register(ACTIVITIES, [header(), *(line(n) for n in numbers[:-2])])
        assert report.absent == 2
    gone = entry(numbers[-1])
    assert gone is not None
    assert gone.absent_since == noon + dt.timedelta(days=1)
    with clock.at(noon + dt.timedelta(days=2)):
        import_register(ACTIVITIES, [header(), *(line(n) for n in numbers)])
    back = entry(numbers[-1])
    assert back is not None
    assert back.absent_since is None


def test_a_file_that_lacks_too_many_is_refused_whole(app: Any) -> None:
    numbers = [rpps(300 + n) for n in range(40)]
    noon = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    with clock.at(noon):
        import_register(ACTIVITIES, [header(), *(line(n) for n in numbers)])
    short = [header(), *(line(n, last="OTHER") for n in numbers[:37])]
    with clock.at(noon + dt.timedelta(days=1)):
        with pytest.raises(ImportRefused, match="3 of 40"):
            import_register(ACTIVITIES, short)
        kept = entry(numbers[0])
        assert kept is not None
        assert kept.last_name == "MARTIN", "nothing is half done"
        assert import_register(ACTIVITIES, short, accept_absences=True).absent == 3


@pytest.mark.parametrize("comma", [",", ";"])
def test_the_table_of_luxembourg_and_belgium(app: Any, comma: str) -> None:
    (lu,), (be,) = LU, BE
    rows = [
        "number,last_name,first_name,profession,place",
        '123456-78,"Weber, Schmit",Anne,physician,Strassen',
        "12A456-78,Faber,Luc,physician,Wiltz",
        "900001-01,Krier,Tom,physician",
    ]
    text = [(r if comma == "," else r.replace(",", ";").replace("Weber; Schmit", "Weber, Schmit")) for r in rows]
    told: list[RegisterFault] = []
    report = import_register(lu, [(t + "\n").encode() for t in text], told=told.append)
    assert (report.merged, [f.line for f in told]) == (1, [3, 4])
    found = next(e for e in lu.read((t + "\n").encode() for t in text) if isinstance(e, RegisterEntry))
    assert found.last_name == "Weber, Schmit"
    assert entry(found.number, "LU") is not None
    assert import_register(be, [b"numero;nom;prenom;profession\n", b"10099975004;Peeters;An;doctor\n"]).merged == 1


@pytest.mark.rule("CB-110")
@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ((rpps(400), "Martin", "Zoe", "general_practice"), []),
        ((rpps(400), "Martin", "Zoe", "dermatology"), ["another specialty: SM54"]),
        ((rpps(400), "Martin", "Zoe", "nurse"), ["another profession: 10"]),
        ((rpps(400), "Durand", "Zoe", "general_practice"), ["another name: Zoé MARTIN"]),
        ((rpps(499), "Martin", "Zoe", "general_practice"), ["no entry"]),
    ],
)
def test_a_declaration_is_held_against_the_register(inside: Any, declared: Any, says: list[str]) -> None:
    from core.db import db

    db.session.rollback()
    import_register(ACTIVITIES, [header(), line(rpps(400))])
    number, last, first, specialty = declared
    known = {s.code: s for s in SPECIALTIES}[specialty]
    found = [str(m) for m in registers.warnings("FR", number, last, first, known)]
    assert len(found) == len(says)
    for wanted, told in zip(says, found, strict=True):
        assert wanted in told


@pytest.mark.rule("CB-110")
def test_without_a_register_nothing_is_said(inside: Any) -> None:
    assert registers.warnings("FR", rpps(1), "A", "B", None) == ()


def test_reading_keeps_no_more_than_a_line(app: Any) -> None:
    """The lines come from a generator: only what is asked for was made."""
    made = 0

    def lines() -> Iterator[bytes]:
        nonlocal made
        yield header()
        for n in range(1000):
            made += 1
            yield line(rpps(500 + n))

    reading = ACTIVITIES.read(lines())
    next(reading)
    assert made == 1

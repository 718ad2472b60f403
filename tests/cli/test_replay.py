"""Receipts taken out and asked again: on another day, by other parameter files; who would be decided otherwise."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import clock
from core.audit.models import AuditEntry
from core.db import db
from core.hooks.decisions import PatientFacts, ProfessionalFacts, Question
from core.tenancy import keys, receipts
from core.tenancy.current import entered
from core.testing.makers import make_account

ROOT = Path(__file__).resolve().parents[2]
FRENCH = PatientFacts("fr_resident", frozenset({"ald"}), dt.date(1980, 5, 1), "FR")
PHYSICIAN = ProfessionalFacts("FR", "physician", "general_practice")


def receipt(**more: Any) -> dict[str, Any]:
    return {
        "id": "r1", "question": "service_access", "at": "2026-11-21", "service": "teleconsultation", "effect": "permit",
        "patient": {"category": "fr_resident", "statuses": ["ald"], "birth_date": "1980-05-01", "country": "FR"},
        "professional": {"country": "FR", "kind": "physician", "specialty": "general_practice"}, "facts": {}, "values": {},
        **more,
    }  # fmt: skip


def lines(*rows: Any) -> bytes:
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in rows)


@pytest.fixture
def replay(portico: Callable[..., Any]) -> Callable[..., Any]:
    def run(*options: str, stdin: bytes = b"") -> Any:
        return portico("decide", "--tenant", "frontalia", "--replay", *options, stdin=stdin)

    return run


def test_the_same_day_changes_nothing(replay: Callable[..., Any]) -> None:
    done = replay(stdin=lines(receipt(), receipt(id="r2", at="2018-09-14", effect="deny")))
    assert done.status == 0
    assert done.out == "2 receipts, none decided otherwise; 0 unreadable\n"


def test_another_day_tells_who_changes_side(replay: Callable[..., Any]) -> None:
    given = lines(receipt(), receipt(id="r2", service="video_consultation"))
    done = replay("--at", "2018-09-14", stdin=given)
    assert done.status == 0
    (row,) = [line for line in done.out.splitlines() if line.startswith("1 ")]
    assert row.split()[:6] == ["1", "r1", "service_access", "2018-09-14", "permit", "deny"]
    assert "CB-046" in row
    assert "r2" not in done.out
    assert done.out.splitlines()[-1] == "2 receipts, 1 from permit to deny; 0 unreadable"


def test_as_json_every_line_is_answered_in_its_place(replay: Callable[..., Any]) -> None:
    given = lines(
        receipt(), b"not json", receipt(id="r3", question="nothing"), receipt(id="r4", effect="perhaps"),
        receipt(id="r5", patient={"birth_date": "2020-01-01"}), receipt(id="r6", service="video_consultation"),
    )  # fmt: skip
    done = replay("--json", "--at", "2018-09-14", stdin=given)
    found = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 1, "there are lines that are no receipts"
    assert [set(f) == {"error"} for f in found] == [False, True, True, True, True, False]
    assert (found[0]["id"], found[0]["changed"], found[5]["changed"]) == ("r1", True, False)
    assert (found[0]["before"]["effect"], found[0]["after"]["effect"]) == ("permit", "deny")
    assert {r["rule"] for r in found[0]["after"]["reasons"]} == {"CB-046"}
    assert "after the day of the act" in found[4]["error"]
    assert "6 receipts, 1 from permit to deny; 4 unreadable" in done.err


def test_lines_that_cannot_be_read_are_told_after_the_table(replay: Callable[..., Any]) -> None:
    done = replay(stdin=lines(b"{", [1], receipt()))
    assert done.status == 1
    assert done.out.splitlines()[0].startswith("line 1: not JSON")
    assert done.out.splitlines()[1] == "line 2: a JSON object is wanted"


@pytest.fixture
def other_law(tmp_path: Path) -> Path:
    """Teleconsultation would have begun in 2030: one file of the French plugin's, changed."""
    folder = tmp_path / "law" / "jurisdiction_fr"
    folder.mkdir(parents=True)
    original = (ROOT / "plugins/jurisdiction_fr/parameters/teleconsultation.yaml").read_text("utf-8")
    head, values = original.split("    2018-09-15:", 1)
    assert head.startswith("teleconsultation_common_law:"), "the first key of the file"
    (folder / "teleconsultation.yaml").write_text(f"{head}    2030-01-01:{values}", "utf-8")
    return folder.parent


def test_other_parameters_tell_who_changes_side(replay: Callable[..., Any], other_law: Path) -> None:
    before = {name: sys.modules[name] for name in sys.modules if name.startswith("plugins.jurisdiction_fr")}
    plain = replay(stdin=lines(receipt()))
    done = replay("--parameters", str(other_law), stdin=lines(receipt(), receipt(id="r2", service="in_person")))
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1] == "2 receipts, 1 from permit to deny; 0 unreadable"
    assert done.err != plain.err, "the stamp covers the parameters that were used"
    assert before == {name: sys.modules[name] for name in before}, "the process keeps the plugins that it knows"
    assert replay(stdin=lines(receipt())).out == plain.out


def test_figures_that_differ_are_told(replay: Callable[..., Any]) -> None:
    done = replay(stdin=lines(receipt(values={"rate_percent": 70})))
    assert "rate_percent 70 → null" in done.out
    assert done.out.splitlines()[-1] == "1 receipts, 1 with other values; 0 unreadable"
    without = receipt()
    del without["values"]
    assert "none decided otherwise" in replay(stdin=lines(without)).out


@pytest.mark.parametrize(("name", "words"), [
    ("jurisdiction_fx", "did you mean jurisdiction_fr?"), ("zzz", "no such plugin is installed"), (None, "no parameter files"),
])  # fmt: skip
def test_a_folder_that_names_no_plugin(
    replay: Callable[..., Any], tmp_path: Path, name: str | None, words: str
) -> None:
    folder = tmp_path / "law"
    folder.mkdir()
    if name:
        (folder / name).mkdir()
        (folder / name / "law.yaml").write_text("{}", "utf-8")
    done = replay("--parameters", str(folder), stdin=lines(receipt()))
    assert done.status == 1
    assert words in done.err
    assert done.out == ""


def test_parameter_files_that_are_wrong_are_told_with_file_and_line(
    replay: Callable[..., Any], other_law: Path
) -> None:
    (other_law / "jurisdiction_fr/more.yaml").write_text("new_key:\n  label: X\n", "utf-8")
    done = replay("--parameters", str(other_law), stdin=lines(receipt()))
    assert done.status == 1
    assert "more.yaml:1: new_key." in done.err
    assert "Traceback" not in done.err


def test_receipts_come_from_a_file_too(replay: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(lines(receipt()))
    assert replay(str(tmp_path / "r.jsonl")).out.startswith("1 receipts")
    assert replay(str(tmp_path / "nowhere.jsonl")).status == 1


def test_options_that_go_with_replay_only(portico: Callable[..., Any], tmp_path: Path) -> None:
    assert portico("decide", "--tenant", "frontalia", "--json").status == 2
    assert portico("decide", "--tenant", "frontalia", "--parameters", str(tmp_path)).status == 2


# -- from the database ---------------------------------------------------------------------------------------------


@pytest.fixture
def kept(portals: dict[str, Any]) -> list[Any]:
    """On frontalia: one decision a day on 10, 11 and 12 November at noon, of a person of whom nothing may be told."""
    made = []
    with entered(portals["frontalia"].id) as view:
        account = make_account("patient", first_name="Secret", last_name="Canaryname")
        db.session.flush()
        for day in (10, 11, 12):
            with clock.at(dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC)):
                question = Question("service_access", dt.date(2026, 11, day), "teleconsultation", FRENCH, PHYSICIAN)
                decision = view.dispatcher.decide(question)
                assert decision.permitted
                made.append(
                    receipts.keep(
                        question, decision, person_id=account.person_id, account_id=account.id, act_kind="appointment", act_id=None
                    )
                )  # fmt: skip
        person = account.person_id
        db.session.commit()
    return [*made, person]


def exported(done: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_an_export_has_facts_and_no_name(
    portico: Callable[..., Any], connected: dict[str, str], kept: list[Any], portals: dict[str, Any]
) -> None:
    done = portico("receipts", "export", "--tenant", "frontalia", **connected)
    rows = exported(done)
    assert done.status == 0, done.err
    assert [r["id"] for r in rows] == [str(k) for k in kept[:3]]
    assert set(rows[0]) == {
        "id", "question", "at", "service", "patient", "professional", "facts", "decided_at", "effect", "values",
        "plugin_versions", "configuration",
    }  # fmt: skip
    assert rows[0]["patient"] == {
        "category": "fr_resident", "statuses": ["ald"], "birth_date": "1980-05-01", "country": "FR",
    }  # fmt: skip
    assert (rows[0]["at"], rows[0]["effect"]) == ("2026-11-10", "permit")
    assert rows[0]["plugin_versions"]["jurisdiction_fr"] == "1.0"
    for word in ("Secret", "Canaryname", str(kept[3]), "example.org"):
        assert word not in done.out
    with entered(portals["frontalia"].id):
        assert db.session.query(AuditEntry).filter_by(action="receipts.exported").count() == 1


def test_days_are_the_portals_and_both_count(
    portico: Callable[..., Any], connected: dict[str, str], kept: list[Any]
) -> None:
    def days(*options: str) -> list[str]:
        return [
            r["at"] for r in exported(portico("receipts", "export", "--tenant", "frontalia", *options, **connected))
        ]

    assert days("--since", "2026-11-11") == ["2026-11-11", "2026-11-12"]
    assert days("--until", "2026-11-11") == ["2026-11-10", "2026-11-11"]
    assert days("--since", "2026-11-11", "--until", "2026-11-11") == ["2026-11-11"]


def test_pages_lose_nothing(
    portico: Callable[..., Any], connected: dict[str, str], kept: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (1, 2, 3):
        monkeypatch.setattr(receipts, "EXPORT_PAGE", size)
        rows = exported(portico("receipts", "export", "--tenant", "frontalia", **connected))
        assert [r["id"] for r in rows] == [str(k) for k in kept[:3]]


def test_who_was_erased_is_counted_only(
    portico: Callable[..., Any], connected: dict[str, str], kept: list[Any], portals: dict[str, Any]
) -> None:
    with entered(portals["frontalia"].id):
        keys.destroy_person_key(kept[3])
        db.session.commit()
    done = portico("receipts", "export", "--tenant", "frontalia", **connected)
    assert (done.status, done.out) == (0, "")
    assert "0 receipts, 3 of erased people left out" in done.err


def test_another_portals_receipts_stay_there(
    portico: Callable[..., Any], connected: dict[str, str], kept: list[Any]
) -> None:
    assert portico("receipts", "export", "--tenant", "rdv-confiance", **connected).out == ""
    nobody = portico("receipts", "export", "--tenant", "nobody", **connected)
    assert (nobody.status, nobody.out) == (1, "")
    assert "nobody" in nobody.err


def test_what_is_exported_can_be_asked_again(
    portico: Callable[..., Any], connected: dict[str, str], kept: list[Any]
) -> None:
    taken = portico("receipts", "export", "--tenant", "frontalia", **connected).out.encode()
    same = portico("decide", "--tenant", "frontalia", "--replay", stdin=taken)
    assert (same.status, same.out) == (0, "3 receipts, none decided otherwise; 0 unreadable\n")
    earlier = portico("decide", "--tenant", "frontalia", "--replay", "--at", "2018-09-14", stdin=taken)
    assert earlier.out.splitlines()[-1] == "3 receipts, 3 from permit to deny; 0 unreadable"


# -- partners' programs --------------------------------------------------------------------------------------------


def test_a_client_is_added_listed_and_revoked(
    portico: Callable[..., Any], connected: dict[str, str], portals: dict[str, Any]
) -> None:
    who = ("--tenant", "frontalia")
    done = portico("client", "add", *who, "insurer", "--scope", "decisions", **connected)
    assert done.status == 0, done.err
    made = json.loads(done.out)
    assert len(made["client_secret"]) >= 32
    assert made["scopes"] == ["decisions"]
    listed = portico("client", "list", *who, **connected).out
    assert f"{made['client_id']} insurer: decisions; 10000 cases a minute" in listed
    assert made["client_secret"] not in listed
    assert portico("client", "list", "--tenant", "rdv-confiance", **connected).out == ""
    again = portico("client", "add", *who, "insurer", "--scope", "decisions", **connected)
    assert again.status == 1
    assert "already" in again.err
    assert portico("client", "add", *who, "x", "--scope", "everything", **connected).status == 2
    elsewhere = portico("client", "revoke", "--tenant", "rdv-confiance", made["client_id"], **connected)
    assert elsewhere.status == 1
    assert portico("client", "revoke", *who, made["client_id"], **connected).status == 0
    assert "revoked" in portico("client", "list", *who, **connected).out
    assert portico("client", "revoke", *who, made["client_id"], **connected).status == 1

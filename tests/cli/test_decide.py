"""`portico decide`: JSON lines in, JSON lines out, without server or database; a bad line is answered, not fatal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.hooks import asking

ROOT = Path(__file__).resolve().parents[2]
FRENCH = {"category": "fr_resident", "statuses": ["ald"], "birth_date": "1980-05-01", "country": "FR"}
PHYSICIAN = {"country": "FR", "kind": "physician", "specialty": "general_practice"}
CASE = {
    "id": "a",
    "question": "service_access",
    "service": "teleconsultation",
    "patient": FRENCH,
    "professional": PHYSICIAN,
    "facts": {},
}


def lines(*cases: Any) -> bytes:
    return b"".join((c if isinstance(c, bytes) else json.dumps(c).encode()) + b"\n" for c in cases)


def answers(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_case_gets_its_decision_with_everything(portico: Callable[..., Any]) -> None:
    done = portico("decide", "--tenant", "frontalia", "--at", "2026-11-21", stdin=lines(CASE))
    (answer,) = answers(done.out)
    assert done.status == 0
    assert list(answer) == ["id", "question", "effect", "reasons", "obligations", "values"]
    assert (answer["id"], answer["question"], answer["effect"]) == ("a", "service_access", "permit")
    for reason in answer["reasons"]:
        assert {"code", "source", "rule", "citation", "parameters", "message"} <= set(reason)
    dated = [p for r in answer["reasons"] for p in r["parameters"]]
    assert dated
    assert all(p["since"] <= "2026-11-21" for p in dated)


def test_lines_are_answered_in_order_and_bad_ones_on_their_own(portico: Callable[..., Any]) -> None:
    done = portico(
        "decide", "--tenant", "frontalia",
        stdin=lines(CASE, b"not json", b"", b"\xff\xfe", [1], {**CASE, "question": "no_such"}, {**CASE, "id": "last"}),
    )  # fmt: skip
    found = answers(done.out)
    assert done.status == 1
    assert [set(a) == {"error"} for a in found] == [False, True, True, True, True, True, False]
    assert found[-1]["id"] == "last"


@pytest.mark.parametrize(("change", "words"), [
    ({"pateint": {}}, "did you mean patient"),
    ({"patient": {"catgory": "fr_resident"}}, "did you mean category"),
    ({"patient": {"category": ["fr_resident"]}}, "patient.category"),
    ({"patient": {"birth_date": "1980-02-30"}}, "not a date"),
    ({"patient": {"statuses": "ald"}}, "a list of texts"),
    ({"patient": [1]}, "a JSON object"),
    ({"professional": {"kind": "doctor"}}, "physician, allied"),
    ({"service": 3}, "service: a text"),
    ({"at": "tomorrow"}, "not a date"),
    ({"facts": {"dependant": "yes"}}, "true or false"),
    ({"facts": {"request_date": "31/12/2026"}}, "not a date"),
    ({"facts": {"amount_cents": 12.5}}, "whole number"),
    ({"facts": {"starts_at": "2026-11-23T09:00:00"}}, "offset is missing"),
    ({"facts": []}, "a JSON object"),
    ({"question": ["service_access"]}, "is not known"),
])  # fmt: skip
def test_what_is_wrong_is_named(portico: Callable[..., Any], change: dict[str, Any], words: str) -> None:
    done = portico("decide", "--tenant", "frontalia", stdin=lines({**CASE, **change}))
    assert done.status == 1
    assert words in answers(done.out)[0]["error"]


def test_the_same_case_gives_the_same_bytes(portico: Callable[..., Any]) -> None:
    once = portico("decide", "--tenant", "frontalia", "--at", "2026-11-21", stdin=lines(CASE, CASE))
    again = portico(
        "decide", "--tenant", str(ROOT / "tenants/frontalia"), "--at", "2026-11-21", stdin=lines(CASE, CASE)
    )
    assert once.out == again.out
    first, second = once.out.splitlines()
    assert first == second
    assert once.err == again.err


def test_a_line_may_carry_its_own_date(portico: Callable[..., Any]) -> None:
    done = portico(
        "decide", "--tenant", "frontalia", "--at", "2026-11-21", stdin=lines(CASE, {**CASE, "at": "2010-01-01"})
    )
    today, long_ago = answers(done.out)
    assert today["effect"] == "permit"
    assert long_ago["effect"] == "deny"


def test_messages_are_in_the_portals_language(portico: Callable[..., Any]) -> None:
    done = portico("decide", "--tenant", "frontalia", stdin=lines({**CASE, "patient": {}}))
    (answer,) = answers(done.out)
    assert answer["effect"] == "deny"
    assert {r["code"] for r in answer["reasons"]} == {"missing_fact"}


def test_the_stamp_changes_with_the_configuration(portico: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "frontalia"
    shutil.copytree(ROOT / "tenants/frontalia", folder)
    before = portico("decide", "--tenant", str(folder), stdin=b"").err
    text = (folder / "tenant.yaml").read_text(encoding="utf-8")
    (folder / "tenant.yaml").write_text(text.replace("hold_minutes: 10", "hold_minutes: 11"), encoding="utf-8")
    after = portico("decide", "--tenant", str(folder), stdin=b"").err
    assert before.startswith("configuration and parameters: ")
    assert before != after


def test_a_portal_that_is_not_there_is_one_clear_line(portico: Callable[..., Any]) -> None:
    done = portico("decide", "--tenant", "no-such-portal", stdin=lines(CASE))
    assert done.status == 1
    assert done.out == ""
    assert "no tenant.yaml" in done.err
    assert "Traceback" not in done.err


def test_values_of_every_kind_can_be_written() -> None:
    import datetime as dt
    from decimal import Decimal
    from types import MappingProxyType

    given = {
        "a": dt.date(2026, 1, 2),
        "b": Decimal("70"),
        "c": Decimal("16.5"),
        "d": frozenset({"y", "x"}),
        "e": MappingProxyType({"f": 1}),
    }
    assert json.loads(json.dumps(given, default=asking.plain)) == {
        "a": "2026-01-02",
        "b": 70,
        "c": 16.5,
        "d": ["x", "y"],
        "e": {"f": 1},
    }


def test_ten_thousand_cases_take_less_than_ten_seconds_of_one_core(portico: Callable[..., Any]) -> None:
    import time

    questions = [
        CASE,
        {"question": "reimbursement", "service": "teleconsultation", "patient": FRENCH, "professional": PHYSICIAN, "facts": {"agreed_tariff_cents": 2500, "is_treating_physician": True, "last_in_person_with_professional": "2026-05-01", "direct_access_specialty": False, "alternation_respected": True}},
        {"question": "withdrawal", "service": "subscription", "patient": FRENCH, "facts": {"party": "patient", "contract_date": "2026-11-02", "request_date": "2026-11-03", "amount_cents": 3000}},
        {"question": "retention", "professional": PHYSICIAN, "facts": {"event_date": "2020-01-01", "data_class": "patient_record"}},
        {"question": "proof", "patient": FRENCH, "facts": {"party": "patient", "act": "order"}},
    ]  # fmt: skip
    given = lines(*questions) * 2000
    before = time.process_time()
    done = portico("decide", "--tenant", "frontalia", "--at", "2026-11-21", stdin=given)
    took = time.process_time() - before
    assert done.status == 0
    assert done.out.count("\n") == 10_000
    assert took < 10, f"{took:.1f} s"

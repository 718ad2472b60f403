"""Case files: both forms are read, what is wrong is told with its line, and answers are compared as they should be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from core.hooks import case_files
from core.hooks.decisions import Decision, Obligation, Reason, deny, missing_fact, permit
from core.messages import _
from core.testing import case_files as kit

GOOD = "{id: a, at: 2026-11-21, question: tax, expect: {effect: permit}}"
LONG = _("A message that is long enough to tell something.")


def read(tmp_path: Path, text: str, *enabled: str):
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    cases, problems = case_files.read(tmp_path / "c.yaml", enabled)
    return cases, [str(p) for p in problems]


@pytest.mark.parametrize("text", [f"- {GOOD}\n", f"cases:\n- {GOOD}\n", f"note: All of it.\ncases: [{GOOD}]\n"])
def test_a_list_or_a_mapping(tmp_path, text):
    (case,), problems = read(tmp_path, text)
    assert problems == []
    assert (case.name, case.question.name, case.question.at) == ("a", "tax", dt.date(2026, 11, 21))


def test_everything_of_a_case_reaches_the_question(tmp_path):
    (case,), problems = read(
        tmp_path,
        """\
- name: whole
  note: Read by people only.
  at: "2026-11-21"
  question: reimbursement
  service: in_person
  patient: {category: c, statuses: [ald], birth_date: 1980-05-01, country: FR}
  professional: {country: FR, kind: allied, specialty: x}
  facts: {agreed_tariff_cents: 2500, last_in_person_with_professional: 2026-01-31, starts_at: 2026-11-23T09:00:00+01:00, dependant: null}
  plugins: [core, jurisdiction_fr]
  settings: {test_mode: true}
  expect: {effect: deny, rules: [R-1], codes: [c], values: {}, obligations: [], missing: []}
""",
        "unused",
    )
    assert problems == []
    question = case.question
    assert (case.line, case.name) == (1, "whole")
    assert question.patient.statuses == {"ald"}
    assert question.patient.birth_date == dt.date(1980, 5, 1)
    assert (question.professional.kind, question.plugins) == ("allied", {"core", "jurisdiction_fr"})
    assert question.settings == {"test_mode": True}
    assert question.facts == {
        "agreed_tariff_cents": 2500,
        "last_in_person_with_professional": dt.date(2026, 1, 31),
        "starts_at": dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC),
    }


def test_a_case_that_names_no_plugins_has_those_that_are_installed(tmp_path):
    ((case,), _none) = read(tmp_path, f"- {GOOD}", "core", "x")
    assert case.question.plugins == {"core", "x"}
    ((case,), _none) = read(tmp_path, f"- {GOOD[:-1]}, plugins: []}}", "core", "x")
    assert case.question.plugins == frozenset()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("3", "a mapping of keys"),
        ("{at: 2026-11-21, question: tax, expect: {effect: permit}}", "the case has no name"),
        ("{id: b, question: tax, expect: {effect: permit}}", "the date of the act is missing"),
        ("{id: b, at: 2026-11-21, expect: {effect: permit}}", "question: None is not known"),
        ("{id: b, at: 2026-11-21, question: tax}", "expect: what is expected is missing"),
        ("{id: b, at: 2026-11-21, question: tax, expect: {effect: yes}}", "expect.effect: True"),
        ("{id: b, at: 2026-11-21, question: tax, expect: {rules: [x]}}", "expect.effect: None"),
        ("{id: b, at: 2026-11-21, question: tax, expect: {effect: deny, rule: [x]}}", "did you mean rules?"),
        ("{id: b, at: 2026-11-21, question: tax, expect: {effect: deny, rules: x}}", "expect.rules: a list of texts"),
        ("{id: b, at: 2026-11-21, question: tax, expect: {effect: deny, values: [x]}}", "expect.values: a mapping"),
        ("{id: b, at: 2026-11-21, question: tax, fact: {}, expect: {effect: deny}}", "did you mean facts?"),
        ("{id: b, at: 2026-11-21, question: tax, settings: [x], expect: {effect: deny}}", "settings: a mapping"),
        ("{id: b, at: 2026-11-21, question: tax, plugins: x, expect: {effect: deny}}", "plugins: a list of names"),
        (
            "{id: b, at: 2026-11-21, question: tax, patient: {birth_date: 2027-01-01}, expect: {effect: deny}}",
            "after the day of the act",
        ),
        ("{id: a, at: 2026-11-21, question: tax, expect: {effect: permit}}", "the case of line 1 has this name too"),
    ],
)
def test_a_bad_case_is_told_with_its_line_and_the_rest_goes_on(tmp_path, line, words):
    cases, problems = read(tmp_path, f"- {GOOD}\n- {line}\n- {GOOD.replace('id: a', 'id: z')}\n")
    assert [c.name for c in cases] == ["a", "z"]
    (problem,) = problems
    assert problem.startswith("c.yaml:2: ")
    assert words in problem


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"- {id: a\n", 2),
        (b"- &x {id: a}\n", 1),
        (b"id: a\n", 1),
        (b"casos: []\n", 1),
        (b"note: x\ncase: []\ncases: []\n", 2),
        (b"\n- \xff\n", 2),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path, content, line):
    (tmp_path / "c.yaml").write_bytes(content)
    cases, (problem,) = case_files.read(tmp_path / "c.yaml")
    assert (cases, problem.line) == ([], line)


ANSWER = permit(
    Reason("one", "x", LONG, "R-1"),
    Reason("two", "x", LONG, "R-2"),
    obligations=(Obligation("tell", "x", LONG), Obligation("tell", "x", LONG, {"n": 1})),
    values={"rate": Decimal("70"), "until": dt.date(2026, 1, 31), "articles": ("a", "b")},
)
AGREES = {
    "effect": "permit", "rules": ["R-2", "R-1"], "codes": ["one", "two"], "obligations": ["tell"], "missing": [],
    "values": {"until": dt.date(2026, 1, 31), "articles": ["a", "b"], "rate": 70},
}  # fmt: skip


def test_an_answer_as_expected_has_no_difference():
    assert case_files.differences(AGREES, ANSWER) == ()
    assert case_files.differences({"effect": "permit"}, ANSWER) == (), "what is not named does not matter"
    assert case_files.differences({"effect": "not_applicable"}, Decision.not_applicable()) == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("effect", "deny"),
        ("rules", ["R-1"]),
        ("rules", ["R-1", "R-2", "R-3"]),
        ("codes", []),
        ("obligations", []),
        ("obligations", ["tell", "more"]),
        ("missing", ["x"]),
        ("values", {"rate": 70}),
        ("values", {**AGREES["values"], "rate": 71}),
        ("values", {**AGREES["values"], "more": None}),
        ("values", {**AGREES["values"], "articles": ["b", "a"]}),
    ],
)
def test_each_difference_is_told(key, value):
    (found,) = case_files.differences({**AGREES, key: value}, ANSWER)
    assert found.what == key
    assert found.expected != found.got


def test_missing_facts_are_compared_in_their_order():
    answer = missing_fact("x", "b", "a")
    assert case_files.differences({"effect": "deny", "missing": ["b", "a"]}, answer) == ()
    assert case_files.differences({"effect": "deny", "missing": ["a", "b"]}, answer) != ()


def test_a_message_that_says_nothing_is_a_difference():
    (found,) = case_files.differences({"effect": "permit"}, permit(Reason("c", "x", _("No."), "R-1")))
    assert found.what == "words"


def test_a_refusal_names_its_rule_and_the_case_says_which(tmp_path):
    ((case,), _none) = read(tmp_path, "- {id: a, at: 2026-11-21, question: tax, expect: {effect: deny, codes: [c]}}")
    ((vague,), _none) = read(tmp_path, "- {id: a, at: 2026-11-21, question: tax, expect: {effect: deny}}")
    assert case_files.unruled(case, deny(Reason("c", "x", LONG, "R-1"))) == ""
    assert "without naming a rule: c" in case_files.unruled(case, deny(Reason("c", "x", LONG)))
    assert "neither rules nor codes" in case_files.unruled(vague, deny(Reason("c", "x", LONG, "R-1")))
    assert case_files.unruled(case, missing_fact("x", "f")) == "", "a missing fact needs no rule"
    assert case_files.unruled(case, ANSWER) == ""


def test_the_kit_has_the_same_runner():
    assert kit.differences is case_files.differences
    assert kit.read is case_files.read

"""What cannot be right is told: facts that miss or contradict each other, dates before the law, names taken twice."""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.builtin import CorePlugin
from core.hooks import asking, specs
from core.hooks.asking import BadCase
from core.hooks.decisions import Decision, Reason, permit
from core.hooks.manager import BUILTIN, PluginProblem, PluginRuntime
from core.hooks.types import Category
from core.messages import _
from core.settings import Settings

COUNTRIES = ("jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be")
AT = dt.date(2026, 11, 21)
FRENCH = {"category": "fr_resident", "birth_date": "1980-05-01", "country": "FR"}
CROSS_BORDER = {**FRENCH, "category": "fr_cross_border"}
PHYSICIAN = {"country": "FR", "kind": "physician", "specialty": "general_practice"}
# A question of each kind that a plugin of the three countries answers, with all that it may ask for.
WHOLE: dict[str, dict[str, Any]] = {
    "service_access": {"service": "teleconsultation"},
    "booking": {"service": "in_person", "facts": {"starts_at": "2026-11-23T09:00:00+01:00"}},
    "reimbursement": {
        "service": "teleconsultation",
        "facts": {
            "last_in_person_with_professional": "2026-05-01", "is_treating_physician": True, "referred_by_treating_physician": False,
            "direct_access_specialty": False, "agreed_tariff_cents": 2500, "alternation_respected": True,
            "in_low_density_area": False, "regulated_referral": False,
        },
    },
    "prescription": {"service": "teleconsultation", "facts": {"kind": "medicine", "medicine_classes": [], "duration_days": 7, "patient_residence_eu": True}},
    "withdrawal": {
        "service": "subscription",
        "facts": {"party": "patient", "contract_date": "2026-11-02", "request_date": "2026-11-03", "amount_cents": 3000},
    },
    "tax": {"service": "express_consultation", "facts": {"annual_fees_cents": 100}},
    "retention": {"facts": {"event_date": "2020-01-01", "data_class": "patient_record"}},
    "proof": {"facts": {"party": "patient", "act": "order"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def everything() -> PluginRuntime:
    made = PluginRuntime()
    made.discover()
    made.register(CorePlugin(Settings("test", "", "", ("s" * 32,), ())), BUILTIN)
    return made


@pytest.fixture
def ask(everything: PluginRuntime) -> Callable[..., dict[str, Any]]:
    """Ask a portal with these plugins: `ask({...case...}, "jurisdiction_fr")`; all three countries by default."""

    def answer(case: dict[str, Any], *enabled: str, **settings: Any) -> dict[str, Any]:
        dispatcher = everything.dispatcher(enabled or COUNTRIES, settings)
        return asking.answer(case, dispatcher, AT, "en")

    return answer


def case(question: str, patient: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"question": question, "patient": patient, "professional": PHYSICIAN, **WHOLE[question]}
    return {**made, **more, "facts": {**made.get("facts", {}), **more.get("facts", {})}}


def denials(answer: dict[str, Any]) -> set[str]:
    return {r["code"] for r in answer["reasons"] if r["effect"] == "deny"}


@pytest.mark.parametrize(("question", "more", "missing"), [
    ("service_access", {"service": "teleconsultation"}, {"patient.category"}),
    ("reimbursement", {}, {"service"}),
    ("prescription", {}, {"kind", "patient.category", "service"}),
    ("withdrawal", {}, {"party"}),
    ("tax", {}, {"service"}),
    ("retention", {}, {"data_class", "event_date"}),
    ("proof", {}, {"act", "party"}),
])  # fmt: skip
def test_each_fact_that_misses_is_named(ask: Any, question: str, more: dict[str, Any], missing: set[str]) -> None:
    """Without its facts a question is denied, never permitted by a guess, and each of them is named."""
    answer = ask({"question": question, "professional": PHYSICIAN, **more})
    assert answer["effect"] == "deny"
    told = {re.search("“(.*?)”", r["message"])[1] for r in answer["reasons"] if r["code"] == "missing_fact"}
    assert told == missing


def test_every_missing_fact_is_named_at_once(ask: Any) -> None:
    answer = ask(case("withdrawal", FRENCH, facts={"request_date": None, "contract_date": None}))
    words = " ".join(r["message"] for r in answer["reasons"] if r["code"] == "missing_fact")
    assert answer["effect"] == "deny"
    assert "request_date" in words
    assert "contract_date" in words


@pytest.mark.rule("CB-053")
@pytest.mark.parametrize("question", sorted(WHOLE))
def test_the_cross_border_category_is_refused_where_luxembourg_is_off(ask: Any, question: str) -> None:
    answer = ask(case(question, CROSS_BORDER), "jurisdiction_fr")
    assert answer["effect"] == "deny"
    told = [r for r in answer["reasons"] if r["code"] == "category_unavailable"]
    assert len(told) == 1, "once, by whomever"
    assert told[0]["rule"] == "CB-053"
    assert "category_unavailable" not in denials(ask(case(question, CROSS_BORDER)))
    assert "category_unavailable" not in denials(ask(case(question, FRENCH), "jurisdiction_fr"))


@pytest.mark.rule("CB-032")
@pytest.mark.parametrize(("born", "refused"), [
    ("2010-11-22", False),  # 15, sixteen tomorrow
    ("2010-11-21", True),  # 16 today
    ("2009-05-01", True),  # 17
    ("2008-11-22", True),  # 17, eighteen tomorrow
    ("2008-11-21", False),  # 18 today: may be a protected adult
])  # fmt: skip
def test_a_minor_of_sixteen_or_seventeen_is_no_dependant(ask: Any, born: str, refused: bool) -> None:
    for question in ("service_access", "reimbursement"):
        asked = case(
            question, {**FRENCH, "birth_date": born}, facts={"dependant": True, "on_patient_health_card": True}
        )
        answer = ask(asked)
        assert ("not_a_dependant" in denials(answer)) == refused
        if refused:
            assert answer["effect"] == "deny"
            assert {r["rule"] for r in answer["reasons"] if r["code"] == "not_a_dependant"} == {"CB-032"}
        asked["facts"]["dependant"] = False
        assert "not_a_dependant" not in denials(ask(asked))


def test_the_age_of_dependants_is_the_portals(ask: Any) -> None:
    asked = case(
        "service_access",
        {**FRENCH, "birth_date": "2009-11-22"},
        facts={"dependant": True, "on_patient_health_card": True},
    )
    assert "not_a_dependant" in denials(ask(asked))
    assert "not_a_dependant" not in denials(ask(asked, *COUNTRIES, core={"dependant_max_age_years": 17}))
    assert "not_a_dependant" in denials(ask(asked, *COUNTRIES, core={"dependant_max_age_years": 15}))


def test_a_portals_own_age_reaches_the_rules(frontalia: Any) -> None:
    limit = frontalia.config["booking"]["dependant_max_age_years"]
    assert frontalia.dispatcher.settings[BUILTIN] == {"dependant_max_age_years": limit}


@pytest.mark.parametrize(("born", "at", "wrong"), [
    ("2026-11-22", None, True), ("2026-11-21", None, False), ("2026-11-21", "2026-11-20", True), ("2026-11-22", "2026-11-22", False),
])  # fmt: skip
def test_nobody_is_born_after_the_act(ask: Any, born: str, at: str | None, wrong: bool) -> None:
    asked = case("service_access", {**FRENCH, "birth_date": born}, **({"at": at} if at else {}))
    if wrong:
        with pytest.raises(BadCase, match=f"{born} is after the day of the act, {at or '2026-11-21'}"):
            ask(asked)
    else:
        assert ask(asked)["effect"] in ("permit", "deny")


@pytest.mark.parametrize("question", ["service_access", "reimbursement", "withdrawal", "retention", "proof"])
def test_before_the_first_value_no_rule_is_in_force(ask: Any, question: str) -> None:
    asked = case(question, {**FRENCH, "birth_date": "1930-01-01"}, at="1950-01-01")
    if question == "withdrawal":
        asked["facts"] |= {"contract_date": "1949-12-02", "request_date": "1949-12-03"}
    if question == "retention":
        asked["facts"]["event_date"] = "1949-01-01"
    answer = ask(asked)
    assert answer["effect"] == "deny"
    assert "no_rule_in_force" in denials(answer), answer["reasons"]


@pytest.mark.parametrize(("facts", "words"), [
    ({"legal_rate_percent": "4"}, "a number is wanted"),
    ({"legal_rate_percent": True}, "a number is wanted"),
    ({"legal_rate_percent": {"2026-H2": "4"}}, "a number is wanted"),
    ({"medicine_classes": "narcotic"}, "a list of texts"),
    ({"medicine_classes": [1]}, "a list of texts"),
    ({"party": 1}, "a text is wanted"),
    ({"kind": ["medicine"]}, "a text is wanted"),
    ({"duration_days": True}, "a whole number"),
    ({"event_date": "2026-02-29"}, "not a date"),
])  # fmt: skip
def test_facts_of_the_wrong_kind(facts: dict[str, Any], words: str) -> None:
    with pytest.raises(BadCase, match=words):
        asking.question_of({"question": "tax", "facts": facts}, AT)


@pytest.mark.parametrize(
    "line", [b"NaN", b'{"question": "tax", "facts": {"legal_rate_percent": NaN}}', b"[Infinity]", b"[" * 100_000]
)
def test_what_is_no_json(line: bytes) -> None:
    with pytest.raises(BadCase, match="not JSON"):
        asking.parse(line)


def test_a_case_without_a_day_is_none() -> None:
    with pytest.raises(BadCase, match="the date of the act is missing"):
        asking.question_of({"question": "tax"})


# -- two plugins, one category -------------------------------------------------------------------------------------


def plugin(*codes: str, fails: bool = False) -> Any:
    made = types.SimpleNamespace(version="1.0", portico_api=">=1.0,<2")

    def categories() -> Any:
        if fails:
            raise RuntimeError("broken")
        return [Category(code, _("A category"), _("A category of the test."), ()) for code in codes]

    def tax(question: Any) -> Decision:
        return permit(Reason("x", "x", _("Permitted by a plugin of the test."), "X-1"))

    made.categories, made.tax = specs.hookimpl(categories), specs.hookimpl(tax)
    return made


def test_two_plugins_with_one_category_are_refused_with_both_names() -> None:
    runtime = PluginRuntime()
    runtime.register(plugin("atlantis_resident", "visitor"), "atlantis")
    with pytest.raises(PluginProblem) as caught:
        runtime.register(plugin("utopia_resident", "visitor"), "utopia")
    (line,) = caught.value.problems
    assert "plugin utopia" in line
    assert "atlantis" in line
    assert "visitor" in line
    assert runtime.names() == ["atlantis"], "the second is not there at all"
    asked = asking.question_of({"question": "tax"}, AT)
    assert len(runtime.dispatcher(["atlantis", "utopia"]).decide(asked).reasons) == 1


def test_a_category_that_core_has_is_taken_too() -> None:
    runtime = PluginRuntime()
    runtime.register(plugin("other"), "atlantis")
    with pytest.raises(PluginProblem, match="plugin core: the patient category other is atlantis's already"):
        runtime.register(CorePlugin(Settings("test", "", "", ("s" * 32,), ())), BUILTIN)


def test_a_plugin_whose_categories_fail_does_not_stop_the_start() -> None:
    runtime = PluginRuntime()
    runtime.register(plugin(fails=True), "atlantis")
    runtime.register(plugin("visitor"), "utopia")
    assert runtime.names() == ["atlantis", "utopia"]


def test_discovery_tells_it_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from importlib.metadata import EntryPoint

    from core.hooks import manager

    for name in ("one_country", "two_country"):
        (tmp_path / f"{name}_of_test.py").write_text(
            "from core.plugin_api import Category, Domain, hookimpl\n"
            "version, portico_api, _ = '1.0', '>=1.0,<2', Domain('x')\n"
            "@hookimpl\ndef categories():\n    return (Category('same', _('Same'), _('The same.'), ()),)\n",
            "utf-8",
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    entries = [EntryPoint(n, f"{n}_of_test", manager.ENTRY_POINTS) for n in ("one_country", "two_country")]
    monkeypatch.setattr(manager, "entry_points", lambda: entries)
    with pytest.raises(PluginProblem) as caught:
        PluginRuntime().discover()
    assert "two_country: the patient category same is one_country's already" in str(caught.value)

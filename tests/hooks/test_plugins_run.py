"""Plugins at work: order is never part of an answer, off means off, one broken plugin harms nobody, failures by family."""

from __future__ import annotations

import datetime as dt
import logging
import types
from collections.abc import Callable
from random import Random
from typing import Any

import portico_example
import pytest

from core.hooks import specs
from core.hooks.decisions import (
    NOT_APPLICABLE,
    PERMIT_NOBODY,
    Decision,
    Obligation,
    PatientFacts,
    ProfessionalFacts,
    Question,
    Reason,
    deny,
    permit,
)
from core.hooks.manager import PluginProblem, PluginRuntime
from core.hooks.specs import hookimpl
from core.hooks.types import EmergencyNumber, Event
from core.messages import Message

AT = dt.date(2026, 11, 21)
CONTRIBUTED = sorted(specs.CONTRIBUTIONS - {"config_schema", "blueprints", "holidays", "go_live_checks"})
JURISDICTIONS = ("jurisdiction_be", "jurisdiction_fr", "jurisdiction_lu")


def plugin(**hooks: Callable[..., Any]) -> types.ModuleType:
    """A plugin made of functions."""
    made = types.ModuleType("made")
    made.version, made.portico_api = "1.0", ">=1.0,<2"  # type: ignore[attr-defined]
    for name, function in hooks.items():
        setattr(made, name, hookimpl(function))
    return made


def of(*named: tuple[str, types.ModuleType]) -> PluginRuntime:
    runtime = PluginRuntime()
    for name, module in named:
        runtime.register(module, name)
    return runtime


def reason(code: str, source: str = "p") -> Reason:
    return Reason(code, source, Message("Because."))


# -- order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_shuffled_plugins_give_the_same_answers(seed: int, runtime: PluginRuntime) -> None:
    named = [(n, runtime.modules[n]) for n in JURISDICTIONS] + [("example", portico_example)]
    straight = of(*named)
    Random(seed).shuffle(named)
    turned = of(*named)
    names = [n for n, _m in named]
    one, other = straight.dispatcher(sorted(names)), turned.dispatcher(names)
    for hook in CONTRIBUTED:
        # Values that hold functions are compared by what they say of themselves.
        assert [_told(x) for x in one.collect(hook)] == [_told(x) for x in other.collect(hook)], hook
    assert one.collect("holidays", country="FR", year=2026) == other.collect("holidays", country="FR", year=2026)
    for category in ("fr_resident", "lu_resident", "be_resident", "other", "example_resident"):
        for country in ("FR", "LU", "XE"):
            asked = Question(
                "service_access",
                AT,
                "in_person",
                PatientFacts(category, birth_date=dt.date(1980, 1, 1)),
                ProfessionalFacts(country, "physician"),
            )
            assert one.decide(asked) == other.decide(asked)


def _told(item: Any) -> tuple[Any, ...]:
    return tuple(
        getattr(item, name, None) for name in ("code", "weight", "label", "country", "party", "topic", "number")
    )


def test_contributions_are_sorted_by_weight_then_plugin_then_code() -> None:
    def numbers(*rows: tuple[str, int]) -> Callable[[], list[EmergencyNumber]]:
        return lambda: [EmergencyNumber(n, Message("x"), "XE", weight=w) for n, w in rows]

    runtime = of(
        ("b", plugin(emergency_numbers=numbers(("1", 10), ("2", 5)))),
        ("a", plugin(emergency_numbers=numbers(("3", 10)))),
    )
    assert [n.number for n in runtime.dispatcher(["a", "b"]).collect("emergency_numbers")] == ["2", "3", "1"]


# -- combining -----------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-115")
def test_what_nobody_permits_is_denied() -> None:
    answer = (
        of(("p", plugin(booking=lambda question: NOT_APPLICABLE))).dispatcher(["p"]).decide(Question("booking", AT))
    )
    assert answer.effect == "deny"
    assert [r.code for r in answer.reasons] == [PERMIT_NOBODY]


def test_deny_overrides_and_tells_all_reasons() -> None:
    runtime = of(
        ("a", plugin(booking=lambda question: permit(reason("yes", "a")))),
        ("b", plugin(booking=lambda question: deny(reason("no", "b"), reason("also", "b")))),
        ("c", plugin(booking=lambda question: deny(reason("never", "c")))),
    )
    answer = runtime.dispatcher(["a", "b", "c"]).decide(Question("booking", AT))
    assert answer.effect == "deny"
    assert [r.code for r in answer.reasons] == ["yes", "also", "no", "never"]
    assert answer.obligations == ()


def test_obligations_add_up_and_values_meet_by_kind() -> None:
    def answering(source: str, **values: Any) -> Callable[[Question], Decision]:
        duty = Obligation(f"duty_{source}", source, Message("Do."))
        return lambda question: permit(reason("yes", source), obligations=[duty], values=values)

    runtime = of(
        ("a", plugin(booking=answering("a", deadline=dt.date(2026, 12, 1), max_duration_minutes=30, rate=70))),
        ("b", plugin(booking=answering("b", deadline=dt.date(2026, 12, 9), max_duration_minutes=20, rate=70))),
    )
    answer = runtime.dispatcher(["a", "b"]).decide(Question("booking", AT))
    assert answer.permitted
    assert [o.code for o in answer.obligations] == ["duty_a", "duty_b"]
    assert answer.values == {"deadline": dt.date(2026, 12, 9), "max_duration_minutes": 20, "rate": 70}


def test_two_values_that_cannot_meet_are_a_deny() -> None:
    runtime = of(
        ("a", plugin(booking=lambda question: permit(reason("yes", "a"), values={"rate": 70}))),
        ("b", plugin(booking=lambda question: permit(reason("yes", "b"), values={"rate": 60}))),
    )
    answer = runtime.dispatcher(["a", "b"]).decide(Question("booking", AT))
    assert answer.effect == "deny"
    assert "conflicting_values" in {r.code for r in answer.reasons}


def test_a_plugin_gets_its_own_settings_only() -> None:
    seen = {}

    def look(name: str) -> Callable[[Question], Decision]:
        def booking(question: Question) -> Decision:
            seen[name] = dict(question.settings)
            return NOT_APPLICABLE

        return booking

    runtime = of(("a", plugin(booking=look("a"))), ("b", plugin(booking=look("b"))))
    runtime.dispatcher(["a", "b"], {"a": {"secret": 1}}).decide(Question("booking", AT))
    assert seen == {"a": {"secret": 1}, "b": {}}


# -- off means off -------------------------------------------------------------------------------------------------


def test_a_plugin_that_is_off_answers_nothing(runtime: PluginRuntime) -> None:
    whole = of(*((n, runtime.modules[n]) for n in JURISDICTIONS), ("example", portico_example))
    for off in (*JURISDICTIONS, "example"):
        view = whole.dispatcher([n for n in (*JURISDICTIONS, "example") if n != off])
        assert not view.is_on(off)
        for hook in CONTRIBUTED:
            assert off not in dict(view.by_plugin(hook)), hook
        for event in specs.EVENTS:
            assert off not in view.listeners(event)
        asked = Question(
            "service_access",
            AT,
            "in_person",
            PatientFacts("example_resident", birth_date=dt.date(1980, 1, 1)),
            ProfessionalFacts("XE", "physician"),
        )
        assert off not in {r.source for r in view.decide(asked).reasons}


def test_an_event_is_told_to_the_one_who_is_named() -> None:
    told: list[str] = []
    runtime = of(*((n, plugin(appointment_booked=lambda event, n=n: told.append(n))) for n in ("a", "b")))
    event = Event("1", "appointment_booked", 1, dt.datetime(2026, 11, 21, tzinfo=dt.UTC), {})
    runtime.dispatcher(["a", "b"]).tell("b", event)
    runtime.dispatcher(["b"]).tell("a", event)
    assert told == ["b"]


# -- errors by family ----------------------------------------------------------------------------------------------


def broken(*_arguments: Any) -> Any:
    raise RuntimeError("the name of a patient")


def test_a_contribution_that_raises_is_left_out_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    good = plugin(emergency_numbers=lambda: [EmergencyNumber("112", Message("x"), "XE")])
    runtime = of(("bad", plugin(emergency_numbers=lambda: broken())), ("good", good))
    heard = []
    runtime.on_error = heard.append
    with caplog.at_level(logging.ERROR):
        assert [n.number for n in runtime.dispatcher(["bad", "good"]).collect("emergency_numbers")] == ["112"]
    assert runtime.error_counts == {("bad", "emergency_numbers"): 1}
    assert heard == list(runtime.errors)
    assert runtime.errors[0].error == "RuntimeError", "the text of an exception may hold data: it is not kept"


@pytest.mark.parametrize("answer", [broken, lambda question: "yes", lambda question: True, lambda question: [permit()]])
def test_a_decision_that_raises_or_is_nonsense_is_a_deny(
    answer: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    runtime = of(
        ("bad", plugin(booking=lambda question: answer(question))),
        ("good", plugin(booking=lambda question: permit(reason("yes")))),
    )
    with caplog.at_level(logging.CRITICAL):
        found = runtime.dispatcher(["bad", "good"]).decide(Question("booking", AT))
    assert found.effect == "deny"
    assert "plugin_error" in {r.code for r in found.reasons}
    assert runtime.error_counts == {("bad", "booking"): 1}
    assert "patient" not in "".join(str(r.message) for r in found.reasons)


def test_a_decision_that_says_nothing_has_no_say() -> None:
    runtime = of(
        ("quiet", plugin(booking=lambda question: None)),
        ("good", plugin(booking=lambda question: permit(reason("yes")))),
    )
    assert runtime.dispatcher(["quiet", "good"]).decide(Question("booking", AT)).permitted


def test_an_event_that_raises_raises_for_the_outbox_to_try_again() -> None:
    runtime = of(("bad", plugin(appointment_booked=lambda event: broken())))
    event = Event("1", "appointment_booked", 1, dt.datetime(2026, 11, 21, tzinfo=dt.UTC), {})
    with pytest.raises(RuntimeError):
        runtime.dispatcher(["bad"]).tell("bad", event)


def test_an_unknown_question_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        of().dispatcher([]).decide(Question("no_such_question", AT))


# -- registration --------------------------------------------------------------------------------------------------


def test_a_misspelt_hook_is_told() -> None:
    runtime = of(("p", plugin(bookings=lambda question: None)))
    assert "bookings" in runtime.pending()[0]


@pytest.mark.parametrize(("change", "words"), [
    ({"portico_api": None}, "portico_api"), ({"portico_api": ">=2"}, "this Portico offers"), ({"version": None}, "version"),
])  # fmt: skip
def test_what_cannot_work_here_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    made = plugin()
    for name, value in change.items():
        setattr(made, name, value)
    with pytest.raises(PluginProblem, match=words):
        of(("p", made))


def test_a_name_is_taken_once() -> None:
    with pytest.raises(PluginProblem, match="another plugin has that name"):
        of(("p", plugin()), ("p", plugin()))


def test_wrappers_are_no_part_of_the_contract() -> None:
    made = plugin()

    def booking(question: Question) -> Any:
        return (yield)

    made.booking = hookimpl(wrapper=True)(booking)  # type: ignore[attr-defined]
    with pytest.raises(PluginProblem, match="wrapper"):
        of(("p", made))

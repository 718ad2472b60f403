"""What holds for the answer of any plugin to a question: typed, repeatable, reasoned, cited, and of the day.

Needs neither pytest nor a database. What is broken is an AssertionError with its words.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from core.hooks.decisions import Decision, Effect, PatientFacts, ProfessionalFacts, Question, Reason
from core.messages import Message

CODE = re.compile(r"^[a-z][a-z0-9_.]*\Z")
# Rules of the platform's own catalogue (docs/rules.md): their source stands there.
CATALOGUE = re.compile(r"^(BC|CB|CM|IA|SO)-[0-9]{3}\Z")
BARE = ("missing_fact", "no_rule_in_force")

FACTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "service_access": ({}, {"dependant": True}, {"dependant": True, "on_patient_health_card": True}),
    "booking": (
        {},
        {
            "starts_at": dt.datetime(2026, 11, 23, 13, 30, tzinfo=dt.UTC),
            "mode": "video",
            "known_patient": False,
            "dependant": False,
        },
    ),
    "reimbursement": (
        {},
        {"last_in_person_with_professional": dt.date(2018, 3, 1), "is_treating_physician": True, "agreed_tariff_cents": 2500},
        {
            "last_in_person_with_professional": dt.date(2026, 3, 1), "is_treating_physician": False,
            "referred_by_treating_physician": True, "direct_access_specialty": False, "dependant": True,
            "on_patient_health_card": True, "agreed_tariff_cents": 3001, "alternation_respected": True,
            "in_low_density_area": False, "regulated_referral": False,
        },
    ),
    "prescription": (
        {},
        {"kind": "medicine", "medicine_classes": [], "duration_days": 7, "patient_residence_eu": True},
        {"kind": "medicine", "medicine_classes": ["narcotic"], "duration_days": 7, "patient_residence_eu": False},
        {"kind": "sick_leave", "duration_days": 3, "is_treating_physician": False, "patient_residence_eu": True},
    ),
    "withdrawal": (
        {},
        {"party": "patient", "contract_date": dt.date(2026, 11, 2), "request_date": dt.date(2026, 11, 3), "amount_cents": 3000},
        {
            "party": "professional", "contract_date": dt.date(2026, 9, 2), "request_date": dt.date(2026, 9, 9),
            "refund_date": dt.date(2026, 10, 30), "amount_cents": 12000, "legal_rate_percent": 4.26,
        },
    ),
    "tax": ({}, {"annual_fees_cents": 0}, {"annual_fees_cents": 50_000_00}),
    "retention": ({}, {"event_date": dt.date(2020, 2, 29), "data_class": "patient_record"}, {"event_date": dt.date(2026, 11, 1), "data_class": "invoice"}),
    "proof": ({}, {"party": "patient", "act": "order"}, {"party": "professional", "act": "report"}),
}  # fmt: skip


def need(holds: object, words: str) -> None:
    """Raise AssertionError with the words unless something holds."""
    if not holds:
        raise AssertionError(words)


def says(plugin: str, message: Message | None) -> None:
    """A text that can be translated: of the plugin's own domain or core's, with a value for every placeholder."""
    if not isinstance(message, Message):
        raise AssertionError(f"{message!r} is no message: write it as _(…)")
    need(message.msgid.strip(), "a message without words")
    need(message.domain in (plugin, "core"), f"“{message.msgid}” belongs to {message.domain}, not to {plugin}")
    open_ = set(re.findall(r"\{(\w+)\}", message.msgid)) - set(message.params)
    need(not open_, f"“{message.msgid}”: no value for {', '.join(sorted(open_))}")


def is_code(code: str) -> None:
    """A code for machines: small letters, digits, underscores, dots."""
    need(CODE.match(code), f"{code!r} is no code: small letters, digits, dots and underscores")


def cited(reason: Reason) -> None:
    """A refusal names its rule and the law or contract behind it.

    A fact that is missing needs neither, a law that is not in force no citation, a choice of the portal itself neither:
    the portal's configuration is its source. Rules of the platform's catalogue have their source there.
    """
    if reason.effect is not Effect.DENY or reason.code == "missing_fact":
        return
    need(reason.rule, f"the refusal {reason.code} names no rule")
    if reason.code not in BARE and reason.source != "tenant" and not CATALOGUE.match(reason.rule or ""):
        need(reason.citation, f"the refusal {reason.code} ({reason.rule}) has no citation")


def hold(ask: Callable[[Question], Any], plugin: str, asked: Question) -> Decision:
    """Check one answer and give it back."""
    answer = ask(asked)
    if not isinstance(answer, Decision):
        raise AssertionError(f"a decision is wanted, {type(answer).__name__} was given")
    need(answer == ask(asked), "the same question, another answer")
    turned = dataclasses.replace(asked, facts=dict(reversed(list(asked.facts.items()))))
    need(answer == ask(turned), "the order of the facts decided")
    need(
        (answer.effect is Effect.NOT_APPLICABLE) == (not answer.reasons), f"{answer.effect}: reasons and effect differ"
    )
    need(answer.effect is not Effect.DENY or not answer.values, "a refusal computes no values")
    for reason in answer.reasons:
        is_code(reason.code)
        need(reason.source in (plugin, "tenant"), f"the reason {reason.code} comes from {reason.source}, not {plugin}")
        says(plugin, reason.message)
        cited(reason)
        for parameter in reason.parameters:
            need(parameter.since <= asked.at, f"{parameter.key}: a value of tomorrow decided today")
    for obligation in answer.obligations:
        is_code(obligation.code)
        says(plugin, obligation.message)
    return answer


def questions(
    name: str, categories: Sequence[str], countries: Sequence[str], services: Sequence[str], days: Sequence[dt.date]
) -> Iterator[Question]:
    """A question over days, services, patients of each category, professionals of each country, and what they depend on."""
    patients = [PatientFacts()]
    for category in (*categories, "other"):
        patients += [
            PatientFacts(category, frozenset(), born, country, True)
            for born in (dt.date(1980, 5, 1), dt.date(2015, 5, 1))
            for country in countries[:1]
        ]
        patients.append(PatientFacts(category, frozenset(), None, "US"))
    professionals = [ProfessionalFacts()] + [
        ProfessionalFacts(country, kind, "general_practice")
        for country in countries
        for kind in ("physician", "allied")
    ]
    asked = (None, *services, "no_such_service")
    for at, service, patient, professional, facts in itertools.product(
        days, asked, patients, professionals, FACTS.get(name, ({},))
    ):
        yield Question(name, at, service, patient, professional, facts)

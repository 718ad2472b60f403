"""Cases as data: a case in, a question; a decision, an answer out. One form for the command, the API and case files.

The fields are those of design.md, section 4. Dates are ISO texts (or dates, from YAML), amounts whole cents.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from core import i18n
from core.hooks import specs
from core.hooks.decisions import Decision, PatientFacts, ProfessionalFacts, Question
from core.hooks.manager import Dispatcher
from core.nearest import nearest

# What a fact is, where design and rules agree on it; facts of other names pass as they are.
BOOLEANS = frozenset(
    {
        "dependant", "on_patient_health_card", "is_treating_physician", "referred_by_treating_physician", "direct_access_specialty",
        "territorial_organisation_exception", "alternation_respected", "in_low_density_area", "regulated_referral", "renewal",
        "patient_residence_eu", "needs_physical_exam", "known_patient", "only_known_patients",
        "own_consultation", "grant_in_force", "sharing_objected", "strong_authentication", "tele_expertise_agreed",
        "emergency", "protected_adult", "one_off",
    }
)  # fmt: skip
DATES = frozenset({"last_in_person_with_professional", "request_date", "contract_date", "refund_date", "event_date"})
INTEGERS = frozenset({"agreed_tariff_cents", "amount_cents", "annual_fees_cents", "used_this_year", "duration_days"})
NUMBERS = frozenset({"legal_rate_percent"})
TEXTS = frozenset(
    {
        "kind",
        "part",
        "party",
        "act",
        "data_class",
        "mode",
        "beneficiary_role",
        "reason",
        "coverage_code",
        "present_country",
    }
)
LISTS = frozenset({"medicine_classes", "contract_exclusions"})
PATIENT = ("category", "statuses", "birth_date", "country")
PROFESSIONAL = ("country", "kind", "specialty")
CASE = ("id", "question", "service", "patient", "professional", "facts", "at")


class BadCase(ValueError):
    """What was given is no case; the text says why."""


def parse(line: bytes | str) -> Any:
    """One line of JSON. Raises BadCase."""
    try:
        return json.loads(line.decode("utf-8") if isinstance(line, bytes) else line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadCase(f"not JSON: {error}") from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def answer(case: Any, dispatcher: Dispatcher, day: dt.date, language: str) -> dict[str, Any]:
    """One case to one answer, JSON-ready but for `plain`. Raises BadCase."""
    if not isinstance(case, dict):
        raise BadCase("a JSON object is wanted")
    question = question_of(case, day)
    decision = dispatcher.decide(question)
    return {"id": case.get("id"), "question": question.name, **as_data(decision, language)}


def question_of(case: Mapping[str, Any], day: dt.date | None = None) -> Question:
    """A case as a question on the day of its `at`, else on `day`. Raises BadCase naming what is wrong.

    What contradicts itself is wrong too: a birth date after the day of the act.
    """
    known_keys(case, CASE, "")
    name = case.get("question")
    if not isinstance(name, str) or name not in specs.DECISIONS:
        raise BadCase(f"question: {name!r} is not known; known: {', '.join(sorted(specs.DECISIONS))}")
    patient, professional, facts = (_part(case, part) for part in ("patient", "professional", "facts"))
    known_keys(patient, PATIENT, "patient.")
    known_keys(professional, PROFESSIONAL, "professional.")
    statuses = patient.get("statuses") or []
    if not isinstance(statuses, list) or not all(isinstance(s, str) for s in statuses):
        raise BadCase("patient.statuses: a list of texts is wanted")
    kind = professional.get("kind")
    if kind not in (None, "physician", "allied"):
        raise BadCase(f"professional.kind: {kind!r}; allowed: physician, allied")
    at = _date(case.get("at"), "at") or day
    if at is None:
        raise BadCase("at: the date of the act is missing")
    born = _date(patient.get("birth_date"), "patient.birth_date")
    if born is not None and born > at:
        raise BadCase(f"patient.birth_date: {born.isoformat()} is after the day of the act, {at.isoformat()}")
    return Question(
        name,
        at,
        _text(case.get("service"), "service"),
        PatientFacts(
            _text(patient.get("category"), "patient.category"),
            frozenset(statuses),
            born,
            _text(patient.get("country"), "patient.country"),
        ),
        ProfessionalFacts(
            _text(professional.get("country"), "professional.country"),
            kind,
            _text(professional.get("specialty"), "professional.specialty"),
        ),
        {key: _fact(key, value) for key, value in facts.items() if value is not None},
    )


def as_data(decision: Decision, language: str) -> dict[str, Any]:
    """A decision as data, messages in a language."""
    return {
        "effect": str(decision.effect),
        "reasons": [
            {
                "code": r.code,
                "source": r.source,
                "rule": r.rule,
                "citation": r.citation,
                "effect": str(r.effect),
                "parameters": [
                    {"key": p.key, "value": p.value, "since": p.since.isoformat(), "unit": p.unit} for p in r.parameters
                ],
                "message": i18n.render(r.message, language),
            }
            for r in decision.reasons
        ],
        "obligations": [
            {
                "code": o.code,
                "source": o.source,
                "details": dict(o.details),
                "message": i18n.render(o.message, language),
            }
            for o in decision.obligations
        ],
        "values": dict(decision.values),
    }


def plain(value: Any) -> Any:
    """The `default` of `json.dumps` for what rules may compute: dates, decimals, sets, frozen mappings."""
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def written(value: Any) -> str:
    """A value as one line of JSON, in the language's own letters."""
    return json.dumps(value, ensure_ascii=False, default=plain)


def known_keys(given: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    """Raise BadCase for a key that is none of the names; the nearest one is told."""
    allowed = sorted(names)
    for key in given:
        if key not in allowed:
            near = nearest(key, allowed)
            raise BadCase(
                f"{where}{key} is not known" + (f"; did you mean {near}?" if near else f"; known: {', '.join(allowed)}")
            )


def _date(value: Any, name: str) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadCase(f"{name}: {value!r} is not a date such as 2026-11-21") from error


def _text(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadCase(f"{name}: a text is wanted, {value!r} was given")
    return value


def _part(case: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = case.get(name)
    if part is None:
        return {}
    if not isinstance(part, Mapping):
        raise BadCase(f"{name}: a JSON object is wanted")
    return part


def _fact(name: str, value: Any) -> Any:
    if name in BOOLEANS and not isinstance(value, bool):
        raise BadCase(f"facts.{name}: true or false is wanted, {value!r} was given")
    if name in INTEGERS and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadCase(f"facts.{name}: a whole number is wanted, {value!r} was given")
    if name in NUMBERS and not _is_number(value) and not _are_numbers(value):
        raise BadCase(f"facts.{name}: a number is wanted, {value!r} was given")
    if name in TEXTS:
        return _text(value, f"facts.{name}")
    if name in LISTS and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
        raise BadCase(f"facts.{name}: a list of texts is wanted")
    if name in DATES:
        return _date(value, f"facts.{name}")
    return _instant(value) if name == "starts_at" else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _are_numbers(value: Any) -> bool:
    """A rate for each half-year that is concerned, as {"2026-H2": 4.5}."""
    return isinstance(value, Mapping) and all(_is_number(v) for v in value.values())


def _instant(value: Any) -> dt.datetime:
    try:
        instant = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadCase(f"facts.starts_at: {value!r} is not an instant such as 2026-11-23T09:00:00+01:00") from error
    if instant.tzinfo is None:
        raise BadCase("facts.starts_at: the offset is missing, as in 2026-11-23T09:00:00+01:00")
    return instant

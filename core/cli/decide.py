"""`portico decide`: questions in, answers out, a JSON object a line; needs no server and no database."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from core import clock, i18n
from core.builtin import CorePlugin
from core.cli import environment
from core.hooks import specs
from core.hooks.decisions import Decision, PatientFacts, ProfessionalFacts, Question, digest
from core.hooks.manager import BUILTIN, Dispatcher, PluginRuntime
from core.settings import Settings
from core.tenancy.loader import load_folder
from core.tenancy.problems import nearest

# What a fact is, where design and rules agree on it; facts of other names pass as they are.
_BOOLEANS = frozenset(
    {
        "dependant", "on_patient_health_card", "is_treating_physician", "referred_by_treating_physician", "direct_access_specialty",
        "territorial_organisation_exception", "alternation_respected", "in_low_density_area", "regulated_referral", "renewal",
        "patient_residence_eu", "needs_physical_exam", "known_patient", "only_known_patients",
    }
)  # fmt: skip
_DATES = frozenset({"last_in_person_with_professional", "request_date", "contract_date", "refund_date", "event_date"})
_INTEGERS = frozenset({"agreed_tariff_cents", "amount_cents", "annual_fees_cents", "used_this_year", "duration_days"})
_CASE = ("id", "question", "service", "patient", "professional", "facts", "at")


class BadCase(ValueError):
    """A line that is no case; the text says why."""


@click.command()
@click.option("--tenant", required=True, help="A slug of tenants/, or a path to a tenant's folder.")
@click.option("--at", type=click.DateTime(formats=["%Y-%m-%d"]), help="The date of the act; default: today.")
def decide(tenant: str, at: dt.datetime | None) -> None:
    """Answer cases of standard input on standard output, in order; a bad line is answered with its error."""
    folder = Path(tenant) if Path(tenant, "tenant.yaml").is_file() else environment.tenants_folder() / tenant
    runtime = environment.runtime()
    runtime.register(CorePlugin(Settings("production", "", "", ("",), ())), BUILTIN)
    loaded = load_folder(folder, runtime)
    if loaded.bundle is None or loaded.problems:
        raise click.ClickException("\n".join(str(p) for p in loaded.problems))
    config = loaded.bundle["config"]
    dispatcher = runtime.dispatcher(config["plugins"], config["plugins"])
    click.echo(f"configuration and parameters: {stamp(config, runtime, dispatcher)}", err=True)
    day = at.date() if at else clock.today(config["time_zone"])
    failed = False
    for raw in sys.stdin.buffer:
        try:
            answer = answer_line(raw, dispatcher, day, config["languages"][0])
        except BadCase as error:
            failed = True
            answer = {"error": str(error)}
        click.echo(json.dumps(answer, ensure_ascii=False, default=_plain))
    sys.exit(1 if failed else 0)


def stamp(config: Mapping[str, Any], runtime: PluginRuntime, dispatcher: Dispatcher) -> str:
    """SHA-256 of all that an answer rests on beside the case: configuration, versions of the plugins, dated parameters."""
    parameters = {}
    for name in sorted(dispatcher.enabled):
        location = getattr(runtime.modules[name], "__file__", None)
        for path in sorted((Path(location).parent / "parameters").glob("*.yaml")) if location else ():
            parameters[f"{name}/{path.name}"] = path.read_text(encoding="utf-8")
    versions = {name: str(getattr(runtime.modules[name], "version", "")) for name in sorted(dispatcher.enabled)}
    return digest(
        {
            "configuration": json.loads(json.dumps(config, default=_plain)),
            "versions": versions,
            "parameters": parameters,
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def answer_line(line: bytes, dispatcher: Dispatcher, day: dt.date, language: str) -> dict[str, Any]:
    """One case to one answer. Raises BadCase."""
    try:
        case = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadCase(f"not JSON: {error}") from error
    if not isinstance(case, dict):
        raise BadCase("a JSON object is wanted")
    question = question_of(case, day)
    decision = dispatcher.decide(question)
    return {"id": case.get("id"), "question": question.name, **as_data(decision, language)}


def _date(value: Any, name: str) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadCase(f"{name}: {value!r} is not a date such as 2026-11-21") from error


def _text(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadCase(f"{name}: a text is wanted, {value!r} was given")
    return value


def _known(given: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    allowed = sorted(names)
    for key in given:
        if key not in allowed:
            near = nearest(key, allowed)
            raise BadCase(
                f"{where}{key} is not known" + (f"; did you mean {near}?" if near else f"; known: {', '.join(allowed)}")
            )


def _part(case: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = case.get(name)
    if part is None:
        return {}
    if not isinstance(part, Mapping):
        raise BadCase(f"{name}: a JSON object is wanted")
    return part


def _fact(name: str, value: Any) -> Any:
    """A fact as the rules take it: dates and instants are values, not texts."""
    if value is None:
        return None
    if name in _BOOLEANS and not isinstance(value, bool):
        raise BadCase(f"facts.{name}: true or false is wanted, {value!r} was given")
    if name in _INTEGERS and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadCase(f"facts.{name}: a whole number is wanted, {value!r} was given")
    if name in _DATES:
        return _date(value, f"facts.{name}")
    if name == "starts_at":
        try:
            instant = dt.datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise BadCase(f"facts.{name}: {value!r} is not an instant such as 2026-11-23T09:00:00+01:00") from error
        if instant.tzinfo is None:
            raise BadCase(f"facts.{name}: the offset is missing, as in 2026-11-23T09:00:00+01:00")
        return instant
    return value


def question_of(case: Mapping[str, Any], day: dt.date) -> Question:
    """A case as a question. Raises BadCase naming what is wrong."""
    _known(case, _CASE, "")
    name = case.get("question")
    if not isinstance(name, str) or name not in specs.DECISIONS:
        raise BadCase(f"question: {name!r} is not known; known: {', '.join(sorted(specs.DECISIONS))}")
    patient, professional, facts = (_part(case, part) for part in ("patient", "professional", "facts"))
    _known(patient, ("category", "statuses", "birth_date", "country"), "patient.")
    _known(professional, ("country", "kind", "specialty"), "professional.")
    statuses = patient.get("statuses") or []
    if not isinstance(statuses, list) or not all(isinstance(s, str) for s in statuses):
        raise BadCase("patient.statuses: a list of texts is wanted")
    if professional.get("kind") not in (None, "physician", "allied"):
        raise BadCase(f"professional.kind: {professional.get('kind')!r}; allowed: physician, allied")
    return Question(
        name,
        _date(case.get("at"), "at") or day,
        _text(case.get("service"), "service"),
        PatientFacts(
            _text(patient.get("category"), "patient.category"),
            frozenset(statuses),
            _date(patient.get("birth_date"), "patient.birth_date"),
            _text(patient.get("country"), "patient.country"),
        ),
        ProfessionalFacts(
            _text(professional.get("country"), "professional.country"),
            professional.get("kind"),
            _text(professional.get("specialty"), "professional.specialty"),
        ),
        {key: _fact(key, value) for key, value in facts.items() if value is not None},
    )


def as_data(decision: Decision, language: str) -> dict[str, Any]:
    """A decision as JSON-ready data, messages in a language."""
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

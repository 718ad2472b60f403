"""`portico decide`: questions in, answers out, a JSON object a line; needs no server and no database."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from core import i18n
from core.cli import environment
from core.hooks import specs
from core.hooks.decisions import Decision, PatientFacts, ProfessionalFacts, Question, digest
from core.hooks.manager import Dispatcher
from core.tenancy.loader import load_folder


class BadCase(ValueError):
    """A line that is no case; the text says why."""


@click.command()
@click.option("--tenant", required=True, help="A slug of tenants/, or a path to a tenant's folder.")
@click.option("--at", type=click.DateTime(formats=["%Y-%m-%d"]), help="The date of the act; default: today.")
def decide(tenant: str, at: dt.datetime | None) -> None:
    """Answer cases of standard input on standard output, in order; a bad line is answered with its error."""
    folder = Path(tenant) if Path(tenant, "tenant.yaml").is_file() else Path("tenants") / tenant
    runtime = environment.runtime()
    loaded = load_folder(folder, runtime)
    if loaded.bundle is None or loaded.problems:
        raise click.ClickException("\n".join(str(p) for p in loaded.problems))
    config = loaded.bundle["config"]
    sections = config["plugins"]
    from core.builtin import CorePlugin
    from core.hooks.manager import BUILTIN
    from core.settings import Settings

    runtime.register(CorePlugin(Settings("production", "", "", ("",), ())), BUILTIN)
    dispatcher = runtime.dispatcher(sections, sections)
    stamp = digest({"plugins": sections, "versions": {n: getattr(runtime.modules[n], "version", "") for n in sorted(dispatcher.enabled)}})
    click.echo(f"configuration and parameters: {stamp}", err=True)
    day = at.date() if at else dt.datetime.now(dt.UTC).date()
    failed = False
    for raw in sys.stdin:
        line = raw.strip()
        if not line:
            continue
        try:
            answer = answer_line(line, dispatcher, day, config["languages"][0])
        except BadCase as error:
            failed = True
            answer = {"error": str(error)}
        click.echo(json.dumps(answer, ensure_ascii=False))
    sys.exit(1 if failed else 0)


def answer_line(line: str, dispatcher: Dispatcher, day: dt.date, language: str) -> dict[str, Any]:
    """One case to one answer. Raises BadCase."""
    try:
        case = json.loads(line)
    except ValueError as error:
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


def _part(case: Mapping[str, Any], name: str, known: set[str]) -> Mapping[str, Any]:
    part = case.get(name) or {}
    if not isinstance(part, Mapping):
        raise BadCase(f"{name}: a JSON object is wanted")
    unknown = set(part) - known
    if unknown:
        raise BadCase(f"{name}: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    return part


def question_of(case: Mapping[str, Any], day: dt.date) -> Question:
    """A case as a question. Raises BadCase naming what is wrong."""
    name = case.get("question")
    if name not in specs.DECISIONS:
        raise BadCase(f"question: {name!r} is not known; known: {', '.join(sorted(specs.DECISIONS))}")
    unknown = set(case) - {"id", "question", "service", "patient", "professional", "facts", "at"}
    if unknown:
        raise BadCase(f"unknown {', '.join(sorted(unknown))}")
    patient = _part(case, "patient", {"category", "statuses", "birth_date", "country"})
    professional = _part(case, "professional", {"country", "kind", "specialty"})
    statuses = patient.get("statuses") or []
    if not isinstance(statuses, list) or not all(isinstance(s, str) for s in statuses):
        raise BadCase("patient.statuses: a list of texts is wanted")
    facts = case.get("facts") or {}
    if not isinstance(facts, Mapping):
        raise BadCase("facts: a JSON object is wanted")
    if professional.get("kind") not in (None, "physician", "allied"):
        raise BadCase(f"professional.kind: {professional.get('kind')!r}; allowed: physician, allied")
    return Question(
        str(name),
        _date(case.get("at"), "at") or day,
        case.get("service"),
        PatientFacts(
            patient.get("category"), frozenset(statuses), _date(patient.get("birth_date"), "patient.birth_date"), patient.get("country")
        ),
        ProfessionalFacts(professional.get("country"), professional.get("kind"), professional.get("specialty")),
        dict(facts),
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
                "parameters": [{"key": p.key, "value": p.value, "since": p.since.isoformat(), "unit": p.unit} for p in r.parameters],
                "message": i18n.render(r.message, language),
            }
            for r in decision.reasons
        ],
        "obligations": [
            {"code": o.code, "source": o.source, "details": dict(o.details), "message": i18n.render(o.message, language)} for o in decision.obligations
        ],
        "values": dict(decision.values),
    }

"""Rules in bulk, for partners' programs: the cases of `portico decide`, over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Response, g, request
from marshmallow import fields

from core import audit, clock
from core.api.fields import Input, Output, told
from core.api.operations import operation
from core.api.problems import Problem
from core.api.v1 import shared
from core.db import db
from core.hooks import asking, specs
from core.hooks.asking import BadCase
from core.identity import clients
from core.messages import _
from core.web import frame

topic = shared.topic(
    "rules", "Ask the rules of the portal in bulk, with a client's token (OAuth 2 client credentials)."
)


class CasePatient(Input):
    """The patient of a case: no name, no number."""

    category = fields.String(metadata=told("Category", values="categories"))
    statuses = fields.List(fields.String(metadata=told("Status", values="statuses")), metadata=told("Statuses"))
    birth_date = fields.Date(metadata=told("Birth date, not after the day of the act"))
    country = fields.String(metadata=told("Country, ISO 3166-1 alpha-2"))


class CaseProfessional(Input):
    """The professional of a case."""

    country = fields.String(metadata=told("Country of practice, ISO 3166-1 alpha-2"))
    kind = fields.String(metadata=told("physician or allied"))
    specialty = fields.String(metadata=told("Specialty"))


class CaseInput(Input):
    """One case, as `portico decide` reads it."""

    id = fields.Raw(metadata=told("Anything; given back with the answer"))
    question = fields.String(required=True, metadata=told(f"What is asked: {', '.join(sorted(specs.DECISIONS))}"))
    service = fields.String(metadata=told("The service, or the thing bought"))
    at = fields.Date(metadata=told("The day of the act; default: today on the portal"))
    patient = fields.Nested(CasePatient, metadata=told("The patient"))
    professional = fields.Nested(CaseProfessional, metadata=told("The professional"))
    facts = fields.Dict(metadata=told("Facts of the question; amounts are integer cents, dates ISO 8601"))


class CaseAnswer(Output):
    """One answer, as `portico decide` gives it; or a problem (`type`, `status`, `detail`) with the `id` of its case."""

    id = fields.Raw(metadata=told("The id of the case"))
    question = fields.String(metadata=told("The question"))
    effect = fields.String(metadata=told("permit or deny"))
    reasons = fields.List(
        fields.Dict(), metadata=told("All reasons, each with code, source, rule, citation, effect, parameters, message")
    )
    obligations = fields.List(fields.Dict(), metadata=told("What must be done if one goes on"))
    values = fields.Dict(metadata=told("Figures computed"))
    type = fields.String(metadata=told("Of a problem: urn:portico:problem:bad_case"))
    status = fields.Integer(metadata=told("Of a problem: 422"))
    detail = fields.String(metadata=told("Of a problem: what is wrong with the case"))


_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"oneOf": [CaseInput, {"type": "array", "maxItems": clients.MOST_CASES, "items": CaseInput}]}}},
}  # fmt: skip
_ANSWER = {
    200: {
        "description": "The answer, or the answers in the order of the cases",
        "content": {"application/json": {"schema": {"oneOf": [CaseAnswer, {"type": "array", "items": CaseAnswer}]}}},
    }
}


@operation(
    topic, "POST", "/decisions", roles=("client",), scope="decisions", answer=None,
    refusals={
        413: "More cases than a request may hold", 422: "The only case is none", 429: "Too many cases this minute; Retry-After says how long to wait",
    },
)  # fmt: skip
@topic.doc(requestBody=_BODY, responses=_ANSWER)
def ask() -> Response:
    """Ask one case, or a list of up to 1,000; the answers come in the same order.

    Fields and answers are those of `portico decide`. A case of a list that cannot be read is answered in its place with
    a problem; the others are answered all the same. Nothing of a case is kept: the trail holds counts.
    """
    given = request.get_json(silent=True, cache=False) if request.get_data(cache=True) else None
    if not isinstance(given, (dict, list)):
        raise Problem(400, "not_json", _("The body is not JSON: one case, or a list of cases."))
    cases = given if isinstance(given, list) else [given]
    if len(cases) > clients.MOST_CASES:
        raise Problem(413, "too_many_cases", _("A request holds {count} cases at most.", count=clients.MOST_CASES))
    wait = clients.take(g.client.id, max(1, len(cases)))
    if wait:
        raise Problem(
            429, "too_many_tries", _("Too many cases in this minute. Please wait."), headers={"Retry-After": str(wait)}
        )
    day = clock.today(g.tenant.time_zone)
    answers: list[dict[str, Any]] = []
    asked: Counter[str] = Counter()
    for case in cases:
        try:
            answers.append(asking.answer(case, g.tenant.dispatcher, day, g.tenant.language))
            asked[f"{answers[-1]['question']} {answers[-1]['effect']}"] += 1
        except BadCase as error:
            asked["problem"] += 1
            answers.append(_problem(case, error))
    audit.record(
        "decisions.asked", "client", g.client.id, {"cases": len(cases), "answers": dict(sorted(asked.items()))}
    )
    db.session.commit()
    if given is not cases and asked["problem"]:
        return frame.problem(422, "bad_case", answers[0]["detail"], id=answers[0]["id"])
    return Response(asking.written(answers if given is cases else answers[0]), mimetype="application/json")


def _problem(case: Any, error: BadCase) -> dict[str, Any]:
    return {
        "id": case.get("id") if isinstance(case, dict) else None,
        "type": "urn:portico:problem:bad_case",
        "title": "bad case",
        "status": 422,
        "detail": str(error),
    }

"""May this patient have this service from this professional?"""

from __future__ import annotations

import datetime as dt

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)

_ = Domain("jurisdiction_de")
SOURCE = "jurisdiction_de"
COUNTRY = "DE"
RESIDENT = "de_resident"
IN_PERSON, EXPRESS, VIDEO = "in_person", "express_consultation", "video_consultation"
SERVICES = (IN_PERSON, EXPRESS, VIDEO)


def service_access(question: Question, parameters: Parameters) -> Decision:
    """DE-1: alone from an age on; DE-2: at a distance by physicians; DE-3: video as agreed; DE-4: not what is closed."""
    patient, professional, service = question.patient, question.professional, question.service
    if patient.category != RESIDENT or professional.country != COUNTRY or service not in SERVICES:
        return NOT_APPLICABLE
    remote = service != IN_PERSON
    if remote and professional.kind == "allied":
        return NOT_APPLICABLE  # nothing is written down yet for other professions: closed
    missing = ["patient.birth_date"] if patient.birth_date is None else []
    missing += ["professional.kind"] if remote and professional.kind is None else []
    if missing:
        return missing_fact(SOURCE, *missing)
    refusals = _closed(question)
    try:
        refusals += _too_young(question, parameters)
        grounds = [_own_request(question, parameters)]
        if remote:
            grounds.append(_at_a_distance(question, parameters))
        if service == VIDEO:
            grounds.append(_by_video(question, parameters))
    except NoRuleInForce as error:
        return deny(*refusals, _not_yet(error, "DE-1" if error.key == "own_request_age" else "DE-2"))
    return deny(*refusals) if refusals else permit(*grounds, obligations=_obligations(service) if remote else ())


def _closed(question: Question) -> list[Reason]:
    if question.service not in question.settings.get("closed_services", ()):
        return []
    message = _("This portal does not offer you this service. Please see its other services.")
    return [Reason("closed_by_portal", "tenant", message, "DE-4")]


def _too_young(question: Question, parameters: Parameters) -> list[Reason]:
    """A dependant is asked for by an adult: then no age matters."""
    age, born = parameters.at("own_request_age", question.at), question.patient.birth_date
    if born is None or question.facts.get("dependant") is True or _years(born, question.at) >= age.value:
        return []
    message = _("One asks for care alone from {age} years on. Please ask together with a parent.", age=age.value)
    return [Reason("too_young", SOURCE, message, "DE-1", parameters.citation(age.key, question.at), (age,))]


def _own_request(question: Question, parameters: Parameters) -> Reason:
    age = parameters.at("own_request_age", question.at)
    message = _("You are insured in Germany, and this professional works there.")
    return Reason("within_reach", SOURCE, message, "DE-1", parameters.citation(age.key, question.at), (age,))


def _at_a_distance(question: Question, parameters: Parameters) -> Reason:
    used = parameters.at("remote_treatment", question.at)
    message = _("Physicians in Germany may advise and treat at a distance where that is sound in the single case.")
    return Reason("remote_treatment", SOURCE, message, "DE-2", parameters.citation(used.key, question.at), (used,))


def _by_video(question: Question, parameters: Parameters) -> Reason:
    used = parameters.at("video_agreement", question.at)
    message = _("A consultation by video runs over a service that meets the agreement for statutory health insurance.")
    return Reason("video_as_agreed", SOURCE, message, "DE-3", parameters.citation(used.key, question.at), (used,))


def _obligations(service: str | None) -> list[Obligation]:
    told = _("Tell the patient beforehand what is particular about advice and treatment at a distance.")
    found = [Obligation("explain_remote_treatment", SOURCE, told)]
    if service == VIDEO:
        video = _("Use a video service that meets the agreement for statutory health insurance.")
        found.append(Obligation("use_agreed_video_service", SOURCE, video))
    return found


def _not_yet(error: NoRuleInForce, rule: str) -> Reason:
    message = _("No rule of Germany for this is known for that day. Please ask the support team.")
    return Reason("no_rule_in_force", SOURCE, message, rule)


def _years(born: dt.date, on: dt.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

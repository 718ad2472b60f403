"""On which law does the record of an act prove it? The articles have the numbers of the day of the act."""

from __future__ import annotations

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    Message,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    missing_fact,
    permit,
)
from plugins.jurisdiction_fr.rules.common import (
    COUNTRY,
    FRENCH,
    PATIENT,
    PROFESSIONAL,
    SOURCE,
    by_law,
    in_force,
    not_yet,
)

_ = Domain("jurisdiction_fr")
ORDER_PLACED, USE, REPORT, PRESCRIPTION = "order", "use", "report", "prescription"
SIGNED = (REPORT, PRESCRIPTION)
WRITING, HEALTH_DOCUMENT = "electronic_writing_articles", "health_document_articles"
RECORDED = ("user", "contents", "amount", "time", "terms_version")
ENSURED = ("signer_identification", "link_to_act", "integrity")


def proof(question: Question, parameters: Parameters) -> Decision:
    """The answer against patients insured in France and professionals there (CB-241, CB-243, CB-294, CB-295).

    Facts: `party`, `act`. A report or a prescription is the professional's act, whoever relies on it.
    """
    party, act = question.facts.get("party"), question.facts.get("act")
    category, country = question.patient.category, question.professional.country
    if party is None or act is None:
        mine = country in (None, COUNTRY) if party == PROFESSIONAL else category in FRENCH or country == COUNTRY
        missing = [name for name, value in (("party", party), ("act", act)) if value is None]
        return missing_fact(SOURCE, *missing) if mine else NOT_APPLICABLE
    if party not in (PATIENT, PROFESSIONAL) or act not in (ORDER_PLACED, USE, *SIGNED):
        return NOT_APPLICABLE
    by_professional = party == PROFESSIONAL or act in SIGNED
    if (country if by_professional else category) is None:
        return missing_fact(SOURCE, "professional.country" if by_professional else "patient.category")
    if (country != COUNTRY) if by_professional else (category not in FRENCH):
        return NOT_APPLICABLE
    try:
        return _proved(question, parameters, act, by_professional)
    except NoRuleInForce as error:
        return not_yet(parameters, error, _rule(act, by_professional))


def _rule(act: str, by_professional: bool) -> str:
    if act in SIGNED:
        return "CB-295"
    return "CB-294" if act == USE else ("CB-241" if by_professional else "CB-243")


def _proved(question: Question, parameters: Parameters, act: str, by_professional: bool) -> Decision:
    day = question.at
    writing = parameters.at(WRITING, day)
    articles = [f"Code civil, article {number}" for number in writing.value]
    rule = _rule(act, by_professional)
    code, message, told = _words(act, by_professional)
    reasons = [by_law(code, message, rule, parameters, day, writing)]
    if act in SIGNED:
        document = in_force(parameters, HEALTH_DOCUMENT, day)
        if document is not None:
            articles += [f"Code de la santé publique, article {number}" for number in document.value]
            message = _("As a health document it has the same force as on paper.")
            reasons.append(by_law("health_document", message, rule, parameters, day, document))
    kind = "distance_order" if act == ORDER_PLACED else "electronic_signature"
    return permit(*reasons, obligations=[told], values={"articles": articles, "proof_type": kind})


def _words(act: str, by_professional: bool) -> tuple[str, Message, Obligation]:
    if act in SIGNED:
        message = _(
            "Issued after the professional has signed in, it carries a simple electronic signature: "
            "it names the signer, belongs to this act and shows any later change."
        )
        told = _("Sign only after the professional has proved who they are, and seal the document against changes.")
        details = {"level": "simple", "ensure": list(ENSURED)}
        return "simple_electronic_signature", message, Obligation("seal_signature", SOURCE, told, details)
    if act == USE:
        message = _(
            "What is done here after signing in, accepting the terms included, counts as signed electronically."
        )
        told = _("Keep who did it, what, when, and under which version of the terms.")
        details = {"keep": ["user", "act", "time", "terms_version"]}
        return "electronic_signature", message, Obligation("keep_proof_record", SOURCE, told, details)
    told = _("Keep who ordered, what, for how much, when, and under which version of the terms.")
    obligation = Obligation("keep_proof_record", SOURCE, told, {"keep": list(RECORDED)})
    if by_professional:
        message = _(
            "Entering the card and validating the order prove the whole order, make the sums due, and count as a signature "
            "that accepts the payment."
        )
        return "validated_order", message, obligation
    message = _("Your recorded confirmation proves the whole order and makes the sums due.")
    return "confirmed_order", message, obligation

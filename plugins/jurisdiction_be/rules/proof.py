"""On which law does the record of an act prove it against a patient in Belgium?"""

from __future__ import annotations

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_be.rules.common import CATEGORY, SOURCE, not_yet

_ = Domain("jurisdiction_be")
CIVIL = "electronic_writing_articles"
# Act: rule, the article of the code of economic law that the terms name.
ACTS = {"order": ("CB-245", "order_article"), "use": ("CB-297", "use_article")}


def proof(question: Question, parameters: Parameters) -> Decision:
    """The answer against patients resident in Belgium (CB-245, 297); no professional practises there on a portal.

    Facts, in this order: `party`, `act`.
    """
    party, act = question.facts.get("party"), question.facts.get("act")
    if question.patient.category != CATEGORY or party not in (None, "patient"):
        return NOT_APPLICABLE
    if act is not None and act not in ACTS:
        return NOT_APPLICABLE
    if party is None or act is None:
        names = [n for n, value in (("party", party), ("act", act)) if value is None]
        return missing_fact(SOURCE, *names)
    rule, key = ACTS[act]
    try:
        used = [parameters.at(k, question.at) for k in (key, CIVIL)]
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, rule))
    if act == "order":
        message = _("The recorded confirmation of the order proves the whole of it and makes the sums due.")
    else:
        message = _(
            "Using the functions after signing in, accepting the terms included, counts as a contract by electronic means."
        )
    citations = [parameters.citation(k, question.at) for k in (key, CIVIL)]
    reasons = [
        Reason(code, SOURCE, message, rule, citation, (parameter,))
        for code, citation, parameter in zip(
            ("electronic_contract", "electronic_writing"), citations, used, strict=True
        )
    ]
    return permit(*reasons, values={"articles": citations, "proof_type": "electronic_contract"})

"""Does the fee bear VAT? Care by professionals in Belgium does not; what the portal says is no care may."""

from __future__ import annotations

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
from plugins.jurisdiction_be.rules.common import CARE, COUNTRY, SOURCE, not_yet

_ = Domain("jurisdiction_be")
RULE = "CB-161"


def tax(question: Question, parameters: Parameters) -> Decision:
    """The answer for professionals in Belgium (nearest rule: CB-161).

    The portal may name services without therapeutic purpose (setting `taxable_services`): then `annual_fees_cents` is
    asked.
    """
    service = question.service
    if question.professional.country != COUNTRY or (service is not None and service not in CARE):
        return NOT_APPLICABLE
    if service is None:
        return missing_fact(SOURCE, "service")
    try:
        if service in question.settings.get("taxable_services", ()):
            return _small_business(question, parameters)
        used = parameters.at("vat_care_exemption", question.at)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, RULE))
    message = _("Care by a professional in Belgium is exempt from VAT: the price is what you pay.")
    citation = parameters.citation(used.key, question.at)
    reason = Reason("care_exempt", SOURCE, message, RULE, citation, (used,))
    mention = _mention(f"Exemption de TVA, {citation}")
    return permit(reason, obligations=(mention,), values={"vat": "exempt", "declaration_required": False})


def _mention(words: str) -> Obligation:
    """What the invoice says."""
    return Obligation("print_vat_mention", SOURCE, _("Print on the invoice why it bears no VAT."), {"mention": words})


def _small_business(question: Question, parameters: Parameters) -> Decision:
    threshold = parameters.at("vat_small_business_threshold_cents", question.at)
    rate = parameters.at("vat_standard_rate_percent", question.at)
    fees = question.facts.get("annual_fees_cents")
    if fees is None:
        return missing_fact(SOURCE, "annual_fees_cents")
    over = fees > threshold.value
    if over:
        message = _(
            "This portal does not count this service as care. Fees of twelve months above {threshold} EUR bear VAT at {rate} %, "
            "and the professional declares it.",
            threshold=threshold.value // 100,
            rate=rate.value,
        )
    else:
        message = _(
            "This portal does not count this service as care. Fees of twelve months up to {threshold} EUR are free of VAT, "
            "as those of a small business.",
            threshold=threshold.value // 100,
        )
    citation = parameters.citation(threshold.key, question.at)
    found = (threshold, rate) if over else (threshold,)
    reason = Reason("above_threshold" if over else "small_business", SOURCE, message, RULE, citation, found)
    if over:
        told = _("Declare VAT on these fees. Whether you must is for you to check: this portal only informs.")
        obligation = Obligation("declare_vat", SOURCE, told, {"rate_percent": rate.value})
    else:
        obligation = _mention(
            "Petite entreprise soumise au régime de la franchise de taxe, article 56bis du Code de la TVA"
        )
    values = {"vat": "due" if over else "exempt", "declaration_required": over}
    return permit(reason, obligations=(obligation,), values=values)

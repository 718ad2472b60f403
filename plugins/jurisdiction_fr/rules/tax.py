"""Does the fee bear VAT, and must the professional declare it? Care does not; advice by message may, by contract."""

from __future__ import annotations

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    missing_fact,
    permit,
)
from plugins.jurisdiction_fr.rules.common import (
    COUNTRY,
    EXPRESS,
    IN_PERSON,
    SOURCE,
    TELECONSULTATION,
    VIDEO,
    by_law,
    euros,
    not_yet,
)

_ = Domain("jurisdiction_fr")
CARE = (IN_PERSON, VIDEO, TELECONSULTATION)


def tax(question: Question, parameters: Parameters) -> Decision:
    """The answer for professionals in France, physicians and others alike (CB-144, CB-161).

    Fact: `annual_fees_cents`, asked for advice by message while the portal treats it as taxable (setting
    `express_fees_taxable`, which is the contract's reading and the default).
    """
    country, service = question.professional.country, question.service
    if country not in (None, COUNTRY) or service not in (None, EXPRESS, *CARE):
        return NOT_APPLICABLE
    missing = [name for name, value in (("service", service), ("professional.country", country)) if value is None]
    if missing:
        return missing_fact(SOURCE, *missing)
    try:
        if service == EXPRESS:
            if question.settings.get("express_fees_taxable", True):
                return _advice_by_message(question, parameters)
            return _care(question, parameters, "CB-144")
        return _care(question, parameters, "CB-161")
    except NoRuleInForce as error:
        return not_yet(parameters, error, "CB-144")


def _care(question: Question, parameters: Parameters, rule: str) -> Decision:
    used = parameters.at("vat_care_exemption", question.at)
    message = _("Care by a health professional bears no VAT: the price is what you pay.")
    reason = by_law("care_exempt", message, rule, parameters, question.at, used)
    told = _("Print on the invoice why it bears no VAT.")
    mention = f"Exonération de TVA, article {used.value} du CGI"
    return permit(
        reason,
        obligations=[Obligation("print_vat_mention", SOURCE, told, {"mention": mention})],
        values={"vat": "exempt", "declaration_required": False},
    )


def _advice_by_message(question: Question, parameters: Parameters) -> Decision:
    """CB-144: not reimbursed, so within VAT; due above the threshold of the day, and not at it."""
    day, fees = question.at, question.facts.get("annual_fees_cents")
    limit = parameters.at("vat_franchise_limit_cents", day)
    if fees is None:
        return missing_fact(SOURCE, "annual_fees_cents")
    if fees > limit.value:
        rate = parameters.at("vat_standard_rate_percent", day)
        message = _(
            "Advice by message is not reimbursed, so its fee is within VAT. Fees of twelve months above {limit} EUR bear it, "
            "at {rate} %, and the professional declares it.",
            limit=euros(limit.value),
            rate=rate.value,
        )
        told = _("Declare VAT on these fees. Whether you must is for you to check: this portal only informs.")
        return permit(
            by_law("above_vat_threshold", message, "CB-144", parameters, day, limit, rate),
            obligations=[Obligation("declare_vat", SOURCE, told, {"rate_percent": rate.value})],
            values={"vat": "due", "declaration_required": True},
        )
    message = _(
        "Advice by message is not reimbursed, so its fee is within VAT. "
        "Fees of twelve months up to {limit} EUR are free of it, as those of a small business.",
        limit=euros(limit.value),
    )
    told = _("Print on the invoice why it bears no VAT.")
    mention = "TVA non applicable, article 293 B du CGI"
    obligations = [Obligation("print_vat_mention", SOURCE, told, {"mention": mention})]
    base = parameters.at("vat_franchise_base_cents", day)
    if fees > base.value:
        told = _(
            "Your fees are above {base} EUR: a second year above it ends the exemption from VAT.",
            base=euros(base.value),
        )
        obligations.append(Obligation("watch_vat_threshold", SOURCE, told, {"base_cents": base.value}))
    return permit(
        by_law("below_vat_threshold", message, "CB-144", parameters, day, limit),
        obligations=obligations,
        values={"vat": "exempt", "declaration_required": False},
    )

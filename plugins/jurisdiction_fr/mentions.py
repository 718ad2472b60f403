"""What a prescription of France must say, and who may open one at a pharmacy."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import Domain, Message, NoRuleInForce, Parameters, PharmacySpace, PrescriptionMention

_ = Domain("jurisdiction_fr")
COUNTRY = "FR"
MEDICINE, SICK_LEAVE = "medicine", "sick_leave"
# The codes are those of the parameters `prescription_mentions` and `cross_border_mentions`: the law of a day names them.
LABELS: dict[str, Message] = {
    "patient_name": _("Last name and first name of the patient"),
    "patient_sex": _("Sex of the patient"),
    "patient_birth_date": _("Birth date of the patient"),
    "prescriber_name": _("Your last name and first name"),
    "prescriber_qualification": _("Your qualification, title or specialty"),
    "prescriber_number": _("Your RPPS number"),
    "prescriber_address": _("Your professional address"),
    "prescriber_telephone": _("Your professional telephone number"),
    "prescriber_email": _("Your professional e-mail address"),
    "date": _("Date of the prescription"),
    "signature": _("Your signature"),
    "medicine": _("Name of each medicine"),
    "international_nonproprietary_name": _("International non-proprietary name (INN) of each medicine"),
    "dosage": _("Strength, dose and how to take it"),
    "duration": _("Length of the treatment or number of packs, and renewals"),
    "patient_surname": _("All last names of the patient"),
    "patient_first_names_in_full": _("First names of the patient, written in full"),
    "issue_date": _("Date of issue"),
    "prescriber_surname": _("All your last names"),
    "prescriber_first_names_in_full": _("Your first names, written in full"),
    "prescriber_telephone_with_prefix": _("Your telephone or fax number with its international prefix"),
    "prescriber_work_address_with_country": _("Your work address with the country"),
    "pharmaceutical_form": _("Form of the medicine: tablet, solution and so on"),
    "quantity": _("Quantity"),
    "strength": _("Strength of the medicine"),
    "dosage_regimen": _("How much, how often and for how long"),
}
GROUNDS = _("Medical grounds of the sick leave, and its length")
PHARMACIES = (PharmacySpace(COUNTRY, _("Pharmacies in France"), "fr_finess", "fr_rpps", ("21",)),)


def mentions(parameters: Parameters, day: dt.date) -> tuple[PrescriptionMention, ...]:
    """What the law of a day asks a prescription to say; what both lists ask for stands in the national one (CB-190)."""
    national = _asked(parameters, "prescription_mentions", day, 10)
    known = {m.code for m in national}
    across = [m for m in _asked(parameters, "cross_border_mentions", day, 200, across=True) if m.code not in known]
    return (*national, *across, *_sick_leave(parameters, day))


def _asked(
    parameters: Parameters, key: str, day: dt.date, weight: int, *, across: bool = False
) -> list[PrescriptionMention]:
    try:
        used = parameters.at(key, day)
    except NoRuleInForce:
        return []
    citation = parameters.citation(key, day)
    return [
        PrescriptionMention(code, LABELS[code], COUNTRY, citation, (MEDICINE,), across, weight + place)
        for place, code in enumerate(used.value)
    ]


def _sick_leave(parameters: Parameters, day: dt.date) -> tuple[PrescriptionMention, ...]:
    try:
        parameters.at("sick_leave_medical_grounds", day)
    except NoRuleInForce:
        return ()
    citation = parameters.citation("sick_leave_medical_grounds", day)
    return (PrescriptionMention("sick_leave_grounds", GROUNDS, COUNTRY, citation, (SICK_LEAVE,)),)

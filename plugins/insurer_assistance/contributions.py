"""What the assistance adds to a portal: its service, its processing register, what it needs before it goes live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.plugin_api import Domain, GoLiveCheck, Message, ProcessingEntry, Service
from plugins.insurer_assistance.rules.contract import OWN_PARTIES, PARTIES, SERVICE

_ = Domain("insurer_assistance")
NAME = "insurer_assistance"

# Asked for by call-back or appointment on pages of its own, not in a professional's agenda.
SERVICES = (
    Service(
        SERVICE,
        _("Teleconsultation of your insurer"),
        _("A general practitioner calls you back, by telephone or by video. Your contract pays; you pay nothing."),
        "phone",
        "teleconsultation",
        icon="telephone",
        bookable=False,
        weight=5,
        home_page="insurer_assistance.home",
        patient_page="insurer_assistance.case",
        professional_page="insurer_assistance.desk_case",
    ),
)

# IA-087: each purpose has one controller. The code of an entry ends with who it is.
CONTROLLER_OF: Mapping[str, str] = {
    "insurer_assistance.eligibility": "insurer",
    "insurer_assistance.statistics": "insurer",
    "insurer_assistance.platform": "operator",
    "insurer_assistance.orientation": "operator",
    "insurer_assistance.recording": "operator",
    "insurer_assistance.teleconsultation": "assister",
    "insurer_assistance.prescription": "assister",
}
PROCESSING = (
    ProcessingEntry(
        "insurer_assistance.eligibility",
        _("Offer the service to members and check who is covered (controller: the insurer)"),
        _("Performance of the insurance contract (GDPR article 6(1)(b))"),
        _("Name, birth date, contract number, role in the contract, first and last day of the rights; no health data"),
        _("The insurer and the operator's staff who load the members"),
        _("As long as the rights last, then as the portal's retention rules say"),
    ),
    ProcessingEntry(
        "insurer_assistance.statistics",
        _("Tell how much the service is used and whether it keeps its delays (controller: the insurer)"),
        _("Legitimate interest in steering the service (GDPR article 6(1)(f))"),
        _("Figures only, of groups that are large enough; no name, no birth date, no contract number, no health data"),
        _("The insurer"),
        _("Figures are kept without limit: they are about nobody"),
    ),
    ProcessingEntry(
        "insurer_assistance.platform",
        _("Run the portal, the telephone and the accounts of the beneficiaries (controller: the operator)"),
        _("Contract with the beneficiary (GDPR article 6(1)(b)) and consent for health data (GDPR article 9(2)(a))"),
        _("Name, birth date, mobile number, e-mail address, postcode, requests, appointments, units used"),
        _("The beneficiary and the operator's staff, as far as their role needs; never the insurer"),
        _("As long as the account exists, then as the portal's retention rules say"),
    ),
    ProcessingEntry(
        "insurer_assistance.orientation",
        _("Orient callers in the care pathway: the nurses' advice (controller: the operator)"),
        _("Provision of care (GDPR article 9(2)(h)) by nurses bound to secrecy"),
        _("What the caller tells the nurse, the outcome of the call, a transfer to emergency services"),
        _("The nurse, and the doctor who goes on; emergency services on a transfer; never the insurer"),
        _("As the law of medical records asks"),
    ),
    ProcessingEntry(
        "insurer_assistance.recording",
        _("Record calls to follow their quality, with notice and unless the caller objects (controller: the operator)"),
        _("Consent of the caller, who may object on the line (GDPR articles 6(1)(a) and 9(2)(a))"),
        _("The sound of the call"),
        _("The operator's staff who are named for it; never the insurer"),
        _("Months as set by the portal, then erased by itself"),
    ),
    ProcessingEntry(
        "insurer_assistance.teleconsultation",
        _("Carry out the teleconsultation and write its report (controller: the assister)"),
        _("Provision of care (GDPR article 9(2)(h)) by doctors bound to secrecy"),
        _("Reason, what is said, exchanged documents, report"),
        _("The doctor and the beneficiary; the treating doctor on express request; never the insurer"),
        _("As the law of medical records asks"),
    ),
    ProcessingEntry(
        "insurer_assistance.prescription",
        _("Issue a prescription and deliver it behind a code by text message (controller: the assister)"),
        _("Provision of care (GDPR article 9(2)(h)) and public health law on prescriptions"),
        _("Prescription, mobile number for the code, trace of each opening"),
        _("The beneficiary, the doctor, and the pharmacist whom the beneficiary chooses; never the insurer"),
        _("As the law of medical records asks"),
    ),
)

# IA-001: what the legal notice says of each party, beside core's own list for publisher and host.
_OF_A_PARTY = ("name", "legal_form", "register_number", "registered_office", "contact_email")
_CHOSEN = (
    (("nurse", "from"), "IA-026", _("The hours of the nurse are not set: choose them and set {key}.")),
    (("nurse", "to"), "IA-026", _("The hours of the nurse are not set: choose them and set {key}.")),
    (
        ("documents", "code_validity_minutes"),
        "IA-074",
        _("How long a code by text message is good is not set: choose it and set {key}."),
    ),
)


def go_live_problems(config: Mapping[str, Any]) -> tuple[GoLiveCheck, ...]:
    """What a portal of this business lacks before it goes live; empty when nothing. `config` is the whole configuration."""
    enabled = _mapping(config.get("plugins"))
    if NAME not in enabled:
        return ()
    own = _mapping(enabled[NAME])
    return (*_parties(config, own), *_chosen(own), *_flow(config))


def _parties(config: Mapping[str, Any], own: Mapping[str, Any]) -> list[GoLiveCheck]:
    """IA-001, IA-002: five parties, each whole and under a name of its own."""
    found = []
    for party in OWN_PARTIES:
        for name in _OF_A_PARTY:
            if not _mapping(own.get(party)).get(name):
                key = f"plugins.{NAME}.{party}.{name}"
                message = _("The legal notice names the {party}: set {key}.", party=party, key=key)
                found.append(GoLiveCheck(key, message, "IA-001"))
    if not _mapping(config.get("operator")).get("name"):
        message = _("The legal notice names the {party}: set {key}.", party="operator", key="operator.name")
        found.append(GoLiveCheck("operator.name", message, "IA-001"))
    seen: dict[str, str] = {}
    for party in PARTIES:
        place = own if party in OWN_PARTIES else config
        given = str(_mapping(place.get(party)).get("name") or "").strip().casefold()
        if given and given in seen:
            key = f"plugins.{NAME}.{party}.name" if party in OWN_PARTIES else f"{party}.name"
            message = _(
                "The five parties are kept apart: {party} and {other} have one name. Set {key} to its own.",
                party=party,
                other=seen[given],
                key=key,
            )
            found.append(GoLiveCheck(key, message, "IA-002"))
        elif given:
            seen[given] = party
    return found


def _chosen(own: Mapping[str, Any]) -> list[GoLiveCheck]:
    """Figures that the contract leaves to the portal."""
    days = _mapping(own.get("nurse")).get("days", ("mon",))
    found = []
    for (part, name), rule, message in _CHOSEN:
        if _mapping(own.get(part)).get(name) is None and (part != "nurse" or days):
            key = f"plugins.{NAME}.{part}.{name}"
            found.append(GoLiveCheck(key, Message(message.msgid, {"key": key}, message.domain), rule))
    return found


def _flow(config: Mapping[str, Any]) -> list[GoLiveCheck]:
    """IA-046, IA-048, IA-057, IA-074: what accounts and documents of the portal must be like for this service."""
    found = []
    channels = _mapping(_mapping(config.get("identity")).get("second_factor")).get("channels", ("sms",))
    if "sms" not in channels:
        message = _("Codes go by text message to the mobile number: set identity.second_factor.channels with sms.")
        found.append(GoLiveCheck("identity.second_factor.channels", message, "IA-074"))
    documents = [_mapping(d) for d in _mapping(config.get("legal")).get("documents") or ()]
    accepted = [d for d in documents if d.get("accept_at_registration")]
    consents = [d for d in accepted if d.get("consent")]
    if len(consents) < _CONSENTS or len(accepted) - len(consents) < _ACCEPTANCES:
        message = _(
            "Four things are accepted when an account is created: terms, data protection policy, and two consents "
            "(health data with their host, sharing). Set legal.documents with accept_at_registration and consent."
        )
        found.append(GoLiveCheck("legal.documents", message, "IA-057"))
    return found


_CONSENTS, _ACCEPTANCES = 2, 2


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

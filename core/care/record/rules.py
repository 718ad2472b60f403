"""Who may see a record, from facts alone: no database, no clock (CB-073, CB-074, CB-132, CB-204, CB-205, CB-279)."""

from __future__ import annotations

from core.hooks.decisions import NOT_APPLICABLE, Decision, Question, Reason, deny, missing_fact, permit
from core.messages import Message, _

SOURCE = "core"
PROFILE = "profile"
OWN = "own_consultations"
TELE_EXPERTISE = "tele_expertise"
WANTED = {
    PROFILE: ("grant_in_force", "sharing_objected", "strong_authentication"),
    OWN: ("own_consultation", "strong_authentication"),
    TELE_EXPERTISE: ("tele_expertise_agreed", "grant_in_force", "sharing_objected", "strong_authentication"),
}
_NO_GRANT = _(
    "The patient has not allowed you to see this. Please ask them: under “Health record”, “Who may see it”, they can allow you, for as "
    "long as they like."
)
_OBJECTED = _(
    "The patient objects to sharing their record with any professional. Only they can change this, under “Health record”, “Who may see it”."
)
_WEAK = _("Your sign-in was not made with two factors. Please sign out, and sign in again with your code or passkey.")
_NOT_OWN = _("You have not carried out a consultation with this person here.")
_NO_TELE_EXPERTISE = _(
    "The patient has not agreed that professionals show each other documents for advice. Please ask them: it can be agreed under "
    "“Health record”, “Who may see it”."
)  # fmt: skip
# A fact, whether it must be true, the reason where it is not so.
_AGAINST: dict[str, tuple[bool, str, Message, str]] = {
    "grant_in_force": (True, "no_grant", _NO_GRANT, "CB-073"),
    "sharing_objected": (False, "sharing_objected", _OBJECTED, "CB-279"),
    "strong_authentication": (True, "weak_sign_in", _WEAK, "CB-074"),
    "own_consultation": (True, "not_own_consultation", _NOT_OWN, "CB-204"),
    "tele_expertise_agreed": (True, "no_tele_expertise", _NO_TELE_EXPERTISE, "CB-132"),
}
_FOR = {
    PROFILE: Reason("patient_allowed", SOURCE, _("The patient allowed you to see the profile and the whole record."), "CB-040"),
    OWN: Reason("own_consultation", SOURCE, _("You carried out a consultation with this person."), "CB-204"),
    TELE_EXPERTISE: Reason(
        "tele_expertise_agreed", SOURCE, _("The patient agreed that professionals they allow advise each other."), "CB-132"
    ),
}  # fmt: skip


def record_access(question: Question) -> Decision:
    """Closed unless everything that the part asks for holds together; a refusal says all that stands against it."""
    part = question.facts.get("part")
    if part is None:
        return missing_fact(SOURCE, "part")
    if part not in WANTED:
        return NOT_APPLICABLE
    absent = [name for name in WANTED[part] if not isinstance(question.facts.get(name), bool)]
    if absent:
        return missing_fact(SOURCE, *absent)
    against = []
    for name in WANTED[part]:
        wanted, code, message, rule = _AGAINST[name]
        if question.facts[name] is not wanted:
            against.append(Reason(code, SOURCE, message, rule))
    return deny(*against) if against else permit(_FOR[part])

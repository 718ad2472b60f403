"""Core's notifications: subjects, SMS and default channels. No health word in a subject or an SMS."""

from __future__ import annotations

from core.hooks.types import MessageTemplate
from core.messages import _

TEMPLATES = {
    t.code: t
    for t in (
        MessageTemplate("account_confirm", _("Confirm your address"), channels=("email",)),
        MessageTemplate("account_exists", _("You already have an account"), channels=("email",)),
        MessageTemplate("sign_in_code", _("Your sign-in code"), _("{portal}: your sign-in code is {code}. Never share it."), channels=("email",)),
        MessageTemplate("password_reset", _("Choose a new password"), channels=("email",)),
        MessageTemplate("password_changed", _("Your password was changed"), channels=("in_app", "email")),
        MessageTemplate("account_opposed", _("Your account is locked as you asked"), channels=("email",)),
        MessageTemplate("provisional_credentials", _("Your provisional password"), channels=("email",)),
        MessageTemplate("breach_notice", _("Important: please change your password"), channels=("in_app", "email")),
        MessageTemplate("account_validated", _("Your professional account is open"), channels=("in_app", "email")),
        MessageTemplate("account_refused", _("About your professional account"), channels=("email",)),
        MessageTemplate("account_suspended", _("About your account"), channels=("email",)),
        MessageTemplate("account_closed", _("Your account is closed"), channels=("email",)),
        MessageTemplate("terms_changed", _("Our documents change"), channels=("in_app", "email")),
        MessageTemplate(
            "appointment_booked", _("Your appointment is confirmed"),
            _("{portal}: appointment confirmed, {when}, with {professional}. Details: {link}"), channels=("in_app", "email", "sms"),
        ),
        MessageTemplate(
            "appointment_moved", _("Your appointment has a new time"),
            _("{portal}: your appointment with {professional} is now {when}. Details: {link}"), channels=("in_app", "email", "sms"),
        ),
        MessageTemplate(
            "appointment_cancelled", _("Your appointment is cancelled"),
            _("{portal}: your appointment of {when} with {professional} is cancelled. Details: {link}"), channels=("in_app", "email", "sms"),
        ),
        MessageTemplate(
            "appointment_reminder", _("Reminder of your appointment"),
            _("{portal}: reminder, {when}, with {professional}. Details: {link}"), channels=("in_app", "email", "sms"),
        ),
        MessageTemplate("agenda_booked", _("New appointment in your agenda"), channels=("in_app", "email")),
        MessageTemplate("agenda_moved", _("An appointment was moved"), channels=("in_app", "email")),
        MessageTemplate("agenda_cancelled", _("An appointment was cancelled"), channels=("in_app", "email")),
        MessageTemplate("consultation_asked", _("A request waits for your answer"), channels=("in_app", "email")),
        MessageTemplate("consultation_waiting", _("A request still waits for your answer"), channels=("in_app", "email")),
        MessageTemplate("call_near", _("A patient waits for your call"), channels=("in_app", "email")),
        MessageTemplate("consultation_accepted", _("Your request was accepted"), channels=("in_app", "email")),
        MessageTemplate("consultation_declined", _("Your request was not accepted"), channels=("in_app", "email")),
        MessageTemplate("consultation_expired", _("Nobody answered your request in time"), channels=("in_app", "email")),
        MessageTemplate("consultation_cancelled", _("Your request was cancelled"), channels=("in_app", "email")),
        MessageTemplate("consultation_withdrawn", _("A request was withdrawn"), channels=("in_app", "email")),
        MessageTemplate("consultation_message", _("You have a new message"), channels=("in_app", "email")),
        MessageTemplate("report_saved", _("A document is waiting for you"), channels=("in_app", "email")),
        MessageTemplate("report_near", _("A document is due soon"), channels=("in_app", "email")),
        MessageTemplate("report_late", _("A document is overdue"), channels=("in_app", "email")),
        MessageTemplate("document_refused", _("A file was not passed on"), channels=("in_app", "email")),
        MessageTemplate("colleague_message", _("A colleague has written to you"), channels=("in_app", "email")),
        MessageTemplate("expertise_asked", _("A colleague asks for your advice"), channels=("in_app", "email")),
        MessageTemplate("expertise_answered", _("A colleague has answered your request for advice"), channels=("in_app", "email")),
        MessageTemplate("reservation_answered", _("Our answer to your reservation"), channels=("in_app", "email")),
        MessageTemplate("invitation", _("You are invited"), channels=("email",)),
        MessageTemplate("partner_invitation", _("Your access to {portal}"), channels=("email",)),
        MessageTemplate("complaint_received", _("We received your message"), channels=("email",)),
        MessageTemplate("prescription_ready", _("A document waits for you"), channels=("in_app", "email")),
        MessageTemplate(
            "prescription_to_collect", _("A document waits for you at the practice"),
            _("{portal}: a document waits for you at {place}. Details: {link}"), channels=("in_app", "email"),
        ),
        MessageTemplate("papers_code", _("Your code"), _("{portal}: the code that opens your document is {code}. It is good for {minutes} minutes, once. Never share it."), channels=("sms",)),
        MessageTemplate("prescription_used", _("A code of yours was used"), channels=("in_app", "email")),
        MessageTemplate("rights_received", _("Your request was received"), channels=("in_app", "email")),
        MessageTemplate("rights_asked", _("We need something from you"), channels=("in_app", "email")),
        MessageTemplate("rights_closed", _("Your request has its answer"), channels=("in_app", "email")),
        MessageTemplate("rights_for_physician", _("A patient asks something about their data"), channels=("in_app", "email")),
        MessageTemplate("authority_asked", _("Please send us a document"), channels=("in_app", "email")),
        MessageTemplate("authority_decided", _("About the document that you sent"), channels=("in_app", "email")),
        MessageTemplate("prescription_not_accepted", _("A document of yours was not accepted"), channels=("in_app", "email")),
        MessageTemplate("prescription_to_mend", _("A document that you issued was not accepted"), channels=("in_app", "email")),
    )
}  # fmt: skip

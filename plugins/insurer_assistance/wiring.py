"""What the plugin brings to the house besides rules: its fund, its pages, its messages, its listeners, its jobs."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from core.plugin_api import Domain, Event, Fund, MessageTemplate, NavigationEntry, PeriodicJob
from core.plugin_api.pages import FIGURES
from core.plugin_api.people import KEEP_TEAM, LOAD_MEMBERS
from plugins.insurer_assistance import following, importing, links, quota, recordings, team, triage

_ = Domain("insurer_assistance")

FUNDS = (Fund(quota.FUND, _("Teleconsultations funded by your insurer"), quota.spend, quota.give_back),)
JOBS = (
    PeriodicJob("insurer_assistance.watch", following.WATCH_SECONDS, following.watch),
    PeriodicJob("insurer_assistance.nurses", following.WATCH_SECONDS, triage.follow),
    PeriodicJob("insurer_assistance.recordings", recordings.PURGE_SECONDS, recordings.purge),
    PeriodicJob("insurer_assistance.files", importing.WORK_SECONDS, importing.work),
)


def blueprints() -> Sequence[Blueprint]:
    """All pages, made anew for each application."""
    from plugins.insurer_assistance import (
        pages_agent,
        pages_doctor,
        pages_insurer,
        pages_list,
        pages_member,
        pages_nurse,
        pages_results,
        pages_team,
    )

    made = Blueprint("insurer_assistance", __name__, template_folder="templates")
    pages_member.add_to(made)
    pages_doctor.add_to(made)
    pages_list.add_to(made)
    pages_insurer.add_to(made)
    pages_results.add_to(made)
    pages_agent.add_to(made)
    pages_nurse.add_to(made)
    pages_team.add_to(made)
    return (made,)


NAVIGATION = (
    NavigationEntry("insurer_assistance", _("Doctor"), "insurer_assistance.home", "telephone-inbound", ("patient",), weight=12),
    NavigationEntry("insurer_assistance_desk", _("Call-backs"), "insurer_assistance.desk", "telephone-inbound", ("professional",), weight=12),
    NavigationEntry("insurer_assistance_phone", _("Telephone"), "insurer_assistance.phone", "telephone", ("operator", "partner"), weight=12, parties=("operator",), when=team.answers),
    NavigationEntry("insurer_assistance_team", _("Care team"), "insurer_assistance.team", "people", ("operator", "partner"), weight=13, parties=("operator",), right=KEEP_TEAM),
    NavigationEntry("insurer_assistance_members", _("Members"), "insurer_assistance.members_list", "person-vcard", ("operator", "partner"), weight=14, parties=("operator", "insurer"), right=LOAD_MEMBERS),
    NavigationEntry("insurer_assistance_figures", _("Figures"), "insurer_assistance.figures", "bar-chart", ("partner",), weight=20, parties=("operator", "insurer", "assister"), right=FIGURES),
)  # fmt: skip


def listen(event: Event) -> None:
    """One event to the function that follows it."""
    {
        "consultation_accepted": following.accepted,
        "consultation_started": following.started,
        "consultation_completed": following.ended,
        "consultation_expired": following.ended,
        "consultation_cancelled": following.ended,
        "consultation_no_show": following.ended,
        "report_saved": links.report_saved,
        "prescription_issued": links.prescription_issued,
        "promise_near": following.near,
        "promise_missed": following.missed,
    }[event.name](event)


MESSAGES = (
    MessageTemplate("insurer_assistance_taken", _("A doctor calls you"), _("{portal}: a doctor has taken your request and calls you. {link}"), channels=("in_app", "email", "sms")),
    MessageTemplate("insurer_assistance_ended", _("Your request for a doctor has ended"), channels=("in_app", "email")),
    MessageTemplate("insurer_assistance_papers", _("A document waits for you"), channels=("email",)),
    MessageTemplate("insurer_assistance_near", _("A call-back is nearly due")),
    MessageTemplate("insurer_assistance_overdue", _("A call-back is overdue")),
)  # fmt: skip

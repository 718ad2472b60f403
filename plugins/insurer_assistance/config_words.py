"""Words of the configuration that partners read in the parties' console: descriptions of what is open to them."""

from __future__ import annotations

from core.plugin_api import Domain

_ = Domain("insurer_assistance")

PARTNERS_READ = (
    _("insurer_assistance"),
    _("Teleconsultations of each beneficiary in a calendar year"),
    _("Telephone of the service, with its country"),
    _("Within how many minutes a doctor calls back"),
    _("How often somebody who does not answer is called"),
    _("Pause between two calls, minutes"),
    _("Hours after which an overdue request lapses"),
    _("The first appointment of a day begins no earlier"),
    _("The last appointment of a day begins no later"),
    _("How many days ahead an appointment can be asked for"),
    _("Appointments begin every so many minutes"),
    _("How many appointments can begin at the same time"),
    _("Length of an appointment, minutes"),
    _("Days on which a nurse answers; none: no nurse at all"),
    _("The nurse answers from"),
    _("The nurse answers until"),
    _("Whether a nurse answers on public holidays too"),
)

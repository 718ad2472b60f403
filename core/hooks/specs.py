"""Every hook of Portico: the public contract with plugins. This module is the manual; `docs/hooks.md` is made from it.

Each docstring has the same parts, in this order: what it asks, *Arguments*, *Returns*, *Combines*, *When it raises*,
*Tenant*, *Since*, *Example*. A test holds every hook to that form.
"""

# A hook has no body of its own: pluggy reads its name, its arguments and this docstring, and calls the plugins'.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from flask import Blueprint
    from marshmallow import Schema

    from core.hooks import types as t
    from core.hooks.decisions import Decision, Question
    from core.hooks.registers import RegisterFormat

PROJECT = "portico"
API_VERSION = "1.2"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

CONTRIBUTIONS: frozenset[str]
DECISIONS: frozenset[str]
EVENTS: frozenset[str]
FORMATS: frozenset[str]


class Contributions:
    """Answers of all enabled plugins are collected and sorted by weight, then plugin name, then code."""

    @hookspec
    def config_schema(self) -> type[Schema]:
        """The marshmallow schema of the plugin's section in tenant.yaml.

        Arguments: none.
        Returns: a Schema class; unknown keys are refused, every field carries metadata `description` and `example`.
        Combines: one section per plugin, under `plugins.<name>`.
        When it raises: the plugin is left out and the operator sees why.
        Tenant: none is set; the answer may not depend on one.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def categories(self) -> Sequence[t.Category]:
        """Which patient categories the jurisdiction knows, with the conditions of each (CB-053, CB-098).

        Arguments: none.
        Returns: a sequence of Category.
        Combines: collected; a category whose `requires` are not all enabled is left out; among those whose
            conditions hold, the highest specificity wins, then the lowest weight, then the code.
        When it raises: the plugin's categories are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def patient_statuses(self) -> Sequence[t.Status]:
        """Which statuses a patient can carry, for which categories, with which proof (CB-051, CB-052).

        Arguments: none.
        Returns: a sequence of Status.
        Combines: collected.
        When it raises: the plugin's statuses are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def identifier_types(self) -> Sequence[t.IdentifierType]:
        """Which numbers the jurisdiction knows, each with its check.

        Arguments: none.
        Returns: a sequence of IdentifierType; `check` is pure and never raises.
        Combines: collected; two plugins may not contribute one code (conformance test).
        When it raises: the plugin's identifiers are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_lu
        """

    @hookspec
    def document_types(self) -> Sequence[t.DocumentType]:
        """Which supporting documents exist, of patients and of professionals (CB-014 to CB-016).

        Arguments: none.
        Returns: a sequence of DocumentType.
        Combines: collected.
        When it raises: the plugin's documents are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_be
        """

    @hookspec
    def practice_countries(self) -> Sequence[t.PracticeCountry]:
        """In which countries professionals may practise on the portal and what they supply (CB-055, CB-091, CB-092).

        Arguments: none.
        Returns: a sequence of PracticeCountry.
        Combines: collected; a country that nobody declares accepts no professional.
        When it raises: the plugin's countries are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def services(self) -> Sequence[t.Service]:
        """Which services exist beside core's own (in person, express, video).

        Arguments: none.
        Returns: a sequence of Service; its code is the `service` of decisions.
        Combines: collected; the tenant chooses which are offered.
        When it raises: the plugin's services are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def specialties(self) -> Sequence[t.Specialty]:
        """Specialties beside core's list, or national codes for them (CB-037, CB-272).

        Arguments: none.
        Returns: a sequence of Specialty; `medical` alone decides physician or allied.
        Combines: collected; entries of one code merge their national codes.
        When it raises: the plugin's specialties are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def register_formats(self) -> Sequence[RegisterFormat]:
        """Files of public registers that the plugin can read, for `portico directory import` (CB-110).

        Arguments: none.
        Returns: a sequence of RegisterFormat; `read` takes lines as bytes and yields RegisterEntry and RegisterFault, one for
            each line, without keeping the file in memory.
        Combines: collected over all installed plugins; two formats of one code are refused at import.
        When it raises: the plugin's formats are left out and the log says why.
        Tenant: none is set; the answer may not depend on one.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def health_registers(self) -> Sequence[t.HealthRegister]:
        """Parts of the health profile beside core's own: what a country or a business asks of its patients (CB-197 to CB-200).

        Arguments: none.
        Returns: a sequence of HealthRegister; codes of fields are unique within a register.
        Combines: collected; shown to the persons whose sex and category they name. Which ones are mandatory a portal can set
            itself (`record.mandatory_registers`). What was written stays readable when the plugin is switched off.
        When it raises: the plugin's registers are left out and the operator sees why.
        Tenant: set.
        Since: 1.2
        Example: jurisdiction_fr
        """

    @hookspec
    def holidays(self, country: str, year: int) -> Sequence[t.Holiday]:
        """The public holidays of a country in a year; agendas close on them unless the professional opens.

        Arguments: country (ISO 3166-1 alpha-2); year (Gregorian, four digits).
        Returns: a sequence of Holiday, legal days only; empty for a country that is not the plugin's.
        Combines: collected.
        When it raises: the plugin's holidays are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_lu
        """

    @hookspec
    def emergency_numbers(self) -> Sequence[t.EmergencyNumber]:
        """The numbers to call in an emergency, per country (CB-009).

        Arguments: none.
        Returns: a sequence of EmergencyNumber.
        Combines: collected; a page shows those of the visitor's country first.
        When it raises: the plugin's numbers are left out, 112 stays, and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_be
        """

    @hookspec
    def legal_references(self) -> Sequence[t.LegalReference]:
        """Which law governs each party (CB-018 to CB-020, CB-041 to CB-043, CB-264 to CB-266).

        Arguments: none.
        Returns: a sequence of LegalReference.
        Combines: collected.
        When it raises: the plugin's references are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def prescription_mentions(self, day: dt.date) -> Sequence[t.PrescriptionMention]:
        """What a prescription must say on a day, for its prescriber to confirm before it is issued (CB-190).

        Arguments: day (the date of the prescription).
        Returns: a sequence of PrescriptionMention; empty before the first law.
        Combines: collected; those of the prescriber's country and of the kind of prescription are all asked for.
        When it raises: the plugin's mentions are left out and the operator sees why.
        Tenant: set.
        Since: 1.2
        Example: jurisdiction_fr
        """

    @hookspec
    def pharmacy_spaces(self) -> Sequence[t.PharmacySpace]:
        """Who may open a prescription with the code of its proof, and by which numbers they are known (CB-186, CB-188).

        Arguments: none.
        Returns: a sequence of PharmacySpace, one for a country.
        Combines: collected; a portal without any has no pharmacist's space (404).
        When it raises: the plugin's space is left out and the operator sees why.
        Tenant: set.
        Since: 1.2
        Example: jurisdiction_fr
        """

    @hookspec
    def go_live_checks(self, config: Any) -> Sequence[t.GoLiveCheck]:
        """What the portal still lacks, in the jurisdiction's eyes, before it may go live (CB-270).

        Arguments: config (the whole validated tenant configuration, a mapping; read only).
        Returns: a sequence of GoLiveCheck, one for each thing that is missing; empty when nothing is.
        Combines: collected; any entry refuses going live.
        When it raises: going live is refused, naming the plugin.
        Tenant: none is set; the configuration is the argument.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def processing_entries(self) -> Sequence[t.ProcessingEntry]:
        """The plugin's lines in the register of processing activities (GDPR article 30, CB-287).

        Arguments: none.
        Returns: a sequence of ProcessingEntry.
        Combines: collected into the tenant's register.
        When it raises: the plugin's lines are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def navigation(self) -> Sequence[t.NavigationEntry]:
        """Links in the portal's navigation.

        Arguments: none.
        Returns: a sequence of NavigationEntry.
        Combines: collected; each is shown to the roles it names.
        When it raises: the plugin's links are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def dashboard_cards(self) -> Sequence[t.DashboardCard]:
        """Cards on the home of a role.

        Arguments: none.
        Returns: a sequence of DashboardCard; each renders with its own context only.
        Combines: collected.
        When it raises: the plugin's card is left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def blueprints(self) -> Sequence[Blueprint]:
        """The plugin's pages. Core mounts each under `/x/<plugin>` and answers 404 where the plugin is off.

        Arguments: none.
        Returns: a sequence of Flask blueprints whose names start with the plugin's name.
        Combines: collected once, when the application is made.
        When it raises: the application does not start; the message names the plugin.
        Tenant: none is set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def periodic_jobs(self) -> Sequence[t.PeriodicJob]:
        """Work that the scheduler does per tenant; whether the plugin is on is checked when it runs.

        Arguments: none.
        Returns: a sequence of PeriodicJob.
        Combines: collected.
        When it raises: the run is logged, counted and shown to the operator; the next one is due as usual.
        Tenant: set while a job runs.
        Since: 1.0
        Example: example
        """

    @hookspec
    def message_templates(self) -> Sequence[t.MessageTemplate]:
        """Notifications that the plugin sends.

        Arguments: none.
        Returns: a sequence of MessageTemplate.
        Combines: collected; codes start with the plugin's name.
        When it raises: the plugin's templates are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def identity_providers(self) -> Sequence[t.IdentityProvider]:
        """With which identity services a person may sign in or register, each a configured OpenID Connect client.

        Arguments: none.
        Returns: a sequence of IdentityProvider; `number` and `exercises` are pure, take the checked claims of one
            person and never raise for claims that are missing or of another shape.
        Combines: collected; two plugins may not contribute one code (conformance test). None is on by itself: a portal
            names it under `identity.providers`, with its client and the variable that holds its secret.
        When it raises: the plugin's providers are left out and the operator sees why.
        Tenant: set.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def channel_providers(self) -> Sequence[t.ChannelProvider]:
        """Ways to deliver e-mail and SMS.

        Arguments: none.
        Returns: a sequence of ChannelProvider; `send` raises on failure and is then retried.
        Combines: collected; the tenant names one per channel, else the lowest weight serves.
        When it raises: the plugin's providers are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def file_scanners(self) -> Sequence[t.FileScanner]:
        """Ways to tell whether a file that people exchange is harmful, beside core's `clamd` and `basic`.

        Arguments: none.
        Returns: a sequence of FileScanner; `scan` takes the bytes of one file and answers with ScanVerdict, or raises
            ScannerAway where it cannot tell now; it finds the EICAR test file.
        Combines: collected; two plugins may not contribute one code (conformance test). None is on by itself: a portal
            names one under `care.scanner`, and nobody opens a file that this one has not found clean.
        When it raises: the plugin's scanners are left out, the operator sees why, and files wait.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def video_providers(self) -> Sequence[t.VideoProvider]:
        """Who can carry picture and sound of a consultation by video, in place of core's own calls (CB-164, CB-169).

        Arguments: none.
        Returns: a sequence of VideoProvider; `join` takes a RoomFacts and answers a JoinLink that is this person's alone,
            with an https address; it lets two people in, records nothing, and raises on failure.
        Combines: collected; none is used by itself: a portal names one under `care.video.provider`. Waiting room, limit,
            messages and the other ways (telephone, messages) stay core's.
        When it raises: the plugin's providers are left out and the operator sees why; where `join` raises, the page says
            so and offers the other ways.
        Tenant: set.
        Since: 1.2
        Example: example
        """


class Decisions:
    """One hook per question. All answers meet in `core.hooks.decisions.combine`: deny overrides, closed by default."""

    @hookspec
    def service_access(self, question: Question) -> Decision:
        """May this patient have this service from this kind of professional (CB-115)?

        Arguments: question (service; patient category, statuses, birth date; professional country, kind, specialty;
            facts `dependant` and `on_patient_health_card`; date of the act; the plugin's settings).
        Returns: a Decision; not_applicable where the plugin has no say.
        Combines: deny overrides; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.0
        Example: jurisdiction_fr
        """

    @hookspec
    def booking(self, question: Question) -> Decision:
        """May this appointment be booked now, beyond the access to its service?

        Arguments: question (as `service_access`; facts `starts_at` instant, `mode` in_person or video,
            `known_patient` boolean, `dependant` boolean).
        Returns: a Decision; not_applicable where the plugin has no say.
        Combines: deny overrides; core itself permits what the professional published.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.0
        Example: example
        """

    @hookspec
    def reimbursement(self, question: Question) -> Decision:
        """Is this act reimbursed by social insurance, at which rate, and is it paid in advance (CB-024 to CB-036, CB-044, CB-252)?

        Arguments: question (as `service_access`; facts `last_in_person_with_professional` date, `is_treating_physician`,
            `referred_by_treating_physician`, `direct_access_specialty`, `territorial_organisation_exception` (default false),
            `dependant` (default false), `on_patient_health_card` booleans, `agreed_tariff_cents` integer cents; from the rules
            of 2021 on also `alternation_respected`, `in_low_density_area`, `regulated_referral` booleans).
        Returns: a Decision; a permit carries the values `rate_percent` (number), `amount_cents` (rate of the agreed tariff,
            half up), `flat_participation_cents` (kept by the patient, apart), `third_party_payment` (boolean).
        Combines: deny overrides; no permit means deny; two different figures deny with `conflicting_values`.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def prescription(self, question: Question) -> Decision:
        """May this act end with this prescription, and how does it reach the patient (CB-179 to CB-182, CB-193, CB-195)?

        Arguments: question (as `service_access`; facts `kind` medicine, sick_leave or certificate; `medicine_classes` a list of
            restricted, prior_agreement, exception, narcotic, magistral_or_officinal; `duration_days` integer; `renewal`
            boolean (default false), `patient_residence_eu` boolean, `is_treating_physician` boolean).
        Returns: a Decision; a permit carries the value `delivery`: electronic or at_practice.
        Combines: deny overrides; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def withdrawal(self, question: Question) -> Decision:
        """May this order still be withdrawn from, until when, and what is owed for a late refund (CB-228 to CB-239)?

        Arguments: question (`service` is the thing bought: a service or `subscription`; facts `party` patient or professional,
            `contract_date`, `request_date`, `refund_date` dates (no refund date: nothing refunded yet), `amount_cents` integer
            cents, `legal_rate_percent` number, asked only when the refund is late).
        Returns: a Decision; a permit carries `deadline` and `refund_due_by` (dates), `increase_percent` (number) and
            `interest_cents` (integer cents).
        Combines: deny overrides; the latest deadline holds; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def tax(self, question: Question) -> Decision:
        """Does the fee of this service bear VAT, and must the professional declare it (CB-143, CB-144, CB-161)?

        Arguments: question (service; professional country and kind; fact `annual_fees_cents` integer cents of twelve months).
        Returns: a Decision; a permit carries `vat` (exempt or due) and `declaration_required` (boolean).
        Combines: deny overrides; no permit means deny; two different figures deny with `conflicting_values`.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def retention(self, question: Question) -> Decision:
        """How long must data of this class be kept after an event, and what happens then (CB-120, CB-281)?

        Arguments: question (professional country or patient category as known; facts `event_date` date, `data_class`, one of
            the classes that a plugin declares in its parameters, such as patient_record, invoice or contract).
        Returns: a Decision; a permit carries `archive_until` (date) and `then` (delete or anonymise).
        Combines: deny overrides; the longest retention holds; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def proof(self, question: Question) -> Decision:
        """On which law does the record of this act prove it against this party (CB-241 to CB-245, CB-294 to CB-297)?

        Arguments: question (patient category or professional country; facts `party` patient or professional; `act`, one of
            order, use, report, prescription).
        Returns: a Decision; a permit's reasons carry the citation, its value `articles` lists them.
        Combines: deny overrides; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def record_access(self, question: Question) -> Decision:
        """May this professional see this part of a person's record now (CB-073, CB-074, CB-132, CB-204, CB-205)?

        Arguments: question (the professional; facts `part`, one of profile (the health profile and the whole history),
            own_consultations (those the professional carried out) and tele_expertise (receiving a document for advice);
            `own_consultation`, `grant_in_force`, `sharing_objected`, `strong_authentication` booleans, and of tele_expertise
            `tele_expertise_agreed` boolean). Nothing of the patient is told.
        Returns: a Decision; not_applicable where the plugin has no say.
        Combines: deny overrides; core itself permits what the patient allowed; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.2
        Example: example
        """


class Events:
    """Told after commit, through the outbox, at least once: handlers are idempotent by `event.id`."""

    @hookspec
    def account_registered(self, event: t.Event) -> None:
        """An account was created and its address confirmed.

        Arguments: event (payload `account_id`, `role`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def professional_validated(self, event: t.Event) -> None:
        """An operator validated a professional (CB-110).

        Arguments: event (payload `account_id`, `practitioner_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def appointment_booked(self, event: t.Event) -> None:
        """An appointment was booked.

        Arguments: event (payload `appointment_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def appointment_moved(self, event: t.Event) -> None:
        """An appointment got another time.

        Arguments: event (payload `appointment_id`, `previous_start`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def appointment_cancelled(self, event: t.Event) -> None:
        """An appointment was cancelled by the patient, the professional or the operator.

        Arguments: event (payload `appointment_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.0
        Example: example
        """

    @hookspec
    def consultation_requested(self, event: t.Event) -> None:
        """A patient asked one or several professionals (CB-153).

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def consultation_accepted(self, event: t.Event) -> None:
        """A professional took a request: they and the patient are its two parties from now on (CB-158).

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def consultation_declined(self, event: t.Event) -> None:
        """Everybody who was asked said no; the money is back in the wallet (CB-155).

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def consultation_expired(self, event: t.Event) -> None:
        """Nobody answered in time; the money is back in the wallet (CB-154).

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def consultation_cancelled(self, event: t.Event) -> None:
        """A consultation was taken back by the patient, or ended by the portal or its operator; the money is back.

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def consultation_started(self, event: t.Event) -> None:
        """A consultation is under way: the call began, or a request by message was accepted.

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def consultation_completed(self, event: t.Event) -> None:
        """A consultation ended with its report; the professional was paid (CB-023).

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def report_saved(self, event: t.Event) -> None:
        """A report, or a corrected version of one, was saved.

        Arguments: event (payload `consultation_id`, `report_id`, `version`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def prescription_issued(self, event: t.Event) -> None:
        """A physician issued a prescription, electronically or to be collected at the practice.

        Arguments: event (payload `prescription_id`, `consultation_id`, `delivery`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def prescription_dispensed(self, event: t.Event) -> None:
        """A pharmacy dispensed a prescription: once, whoever asked at the same instant.

        Arguments: event (payload `prescription_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def terms_published(self, event: t.Event) -> None:
        """A new version of a legal document came into force or was announced (CB-067).

        Arguments: event (payload `document`, `version`, `effective_on`, `mode`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.0
        Example: example
        """


class Formats:
    """Ways to write down what the platform holds."""

    @hookspec
    def agenda_formats(self) -> Sequence[t.AgendaFormat]:
        """Formats in which a professional downloads an agenda, beside core's iCalendar.

        Arguments: none.
        Returns: a sequence of AgendaFormat.
        Combines: collected; codes are unique.
        When it raises: the plugin's formats are left out and the operator sees why.
        Tenant: set.
        Since: 1.0
        Example: example
        """


def _names(cls: type) -> frozenset[str]:
    return frozenset(n for n in vars(cls) if not n.startswith("_"))


CONTRIBUTIONS = _names(Contributions)
DECISIONS = _names(Decisions)
EVENTS = _names(Events)
FORMATS = _names(Formats)
FAMILIES = {"contribution": Contributions, "decision": Decisions, "event": Events, "format": Formats}

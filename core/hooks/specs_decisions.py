"""What plugins decide: one hook per question. A part of the manual of hooks, `core.hooks.specs`."""

# A hook has no body of its own: pluggy reads its name, its arguments and this docstring, and calls the plugins'.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hooks.marks import hookspec

if TYPE_CHECKING:
    from core.hooks.decisions import Decision, Question


class Decisions:
    """One hook per question. All answers meet in `core.hooks.decisions.combine`: deny overrides, closed by default."""

    @hookspec
    def service_access(self, question: Question) -> Decision:
        """May this patient have this service from this kind of professional (CB-115)?

        Arguments: question (service; patient category, statuses, birth date; professional country, kind, specialty;
            facts `dependant` and `on_patient_health_card`, and where a plugin says so `present_country` (where the person is
            now), `emergency`, `protected_adult`; date of the act; the plugin's settings).
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
            boolean (default false), `one_off` boolean (a renewal that is a single supply), `patient_residence_eu` boolean,
            `is_treating_physician` boolean).
        Returns: a Decision; a permit carries the value `delivery`: electronic or at_practice.
        Combines: deny overrides; no permit means deny.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.1
        Example: jurisdiction_fr
        """

    @hookspec
    def coverage(self, question: Question) -> Decision:
        """Does somebody else than the patient pay for this act, and how many are left after it (IA-040 to IA-043, IA-075 to IA-082)?

        Arguments: question (as `service_access`; facts `used_this_year` integer units, `request_date` date, `beneficiary_role`
            insured, spouse or child, `reason` one of general, emergency, specialist, chronic_follow_up, pregnancy,
            infant_follow_up, sick_leave, certificate, second_opinion, renewal; `needs_physical_exam` boolean,
            `duration_days` integer, asked for renewals, `coverage_code` text; `contract_exclusions`, a list of reasons that
            the person's own contract leaves out, default none).
        Returns: a Decision; a permit carries the values `payer` (partner) and `remaining` (integer units left after this act).
        Combines: deny overrides; no permit means deny; two different figures deny with `conflicting_values`.
        When it raises: deny with reason `plugin_error`.
        Tenant: none is needed; the settings are in the question.
        Since: 1.3
        Example: insurer_assistance
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

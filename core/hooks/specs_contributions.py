"""What plugins contribute: all answers are collected. A part of the manual of hooks, `core.hooks.specs`."""

# A hook has no body of its own: pluggy reads its name, its arguments and this docstring, and calls the plugins'.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.hooks.marks import hookspec

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from flask import Blueprint
    from marshmallow import Schema

    from core.hooks import types as t
    from core.hooks.registers import RegisterFormat


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
    def funds(self) -> Sequence[t.Fund]:
        """Who pays for consultations in units instead of the patient, such as a partner's quota (IA-040, IA-041).

        Arguments: none.
        Returns: a sequence of Fund.
        Combines: collected over all installed plugins when the application is made; two of one code are refused. A plugin
            that a portal switches off still settles what was reserved before.
        When it raises: the application does not start; the message names the plugin.
        Tenant: none is set; set while `spend` or `give_back` runs.
        Since: 1.3
        Example: insurer_assistance
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
        """Cards on the home of patients, professionals and parties. The operator's console serves all portals and has none.

        Arguments: none.
        Returns: a sequence of DashboardCard; each renders with its own context and the plugin's words only.
        Combines: collected; those of the visitor's role, by weight; under 50 they stand above what core shows there.
        When it raises: the plugin's card is left out and the operator sees why; the same where rendering one raises.
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
    def api_topics(self) -> Sequence[t.ApiTopic]:
        """Which operations the plugin adds to the JSON API, and the scopes that a partner's program needs for them.

        Arguments: none.
        Returns: a sequence of ApiTopic; each topic is made by `core.plugin_api.programs.topic` and its operations are declared
            by `operation`, with input and output schemas that refuse unknown members.
        Combines: mounted under /api/v1/x/<plugin> when the application is made; 404 on portals where the plugin is off,
            whose OpenAPI document does not name them; scopes are offered where the plugin is on.
        When it raises: the plugin's operations are left out and the operator sees why.
        Tenant: none is set when they are mounted; the operations themselves run with one.
        Since: 1.3
        Example: insurer_assistance
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

"""What plugins are told of. A part of the manual of hooks, `core.hooks.specs`."""

# A hook has no body of its own: pluggy reads its name, its arguments and this docstring, and calls the plugins'.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hooks.marks import hookspec

if TYPE_CHECKING:
    from core.hooks import types as t


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
    def consultation_no_show(self, event: t.Event) -> None:
        """The patient did not come, or could not be reached: nothing was delivered, what was held went back.

        Arguments: event (payload `consultation_id`, `by`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.3
        Example: example
        """

    @hookspec
    def promise_near(self, event: t.Event) -> None:
        """A promise with a clock comes near and is not kept yet; told once for each promise.

        Arguments: event (payload `promise_id`, `kind`, `subject_kind`, `subject_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.3
        Example: example
        """

    @hookspec
    def promise_missed(self, event: t.Event) -> None:
        """A promise with a clock was missed: it can still be carried out, late.

        Arguments: event (payload `promise_id`, `kind`, `subject_kind`, `subject_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.3
        Example: example
        """

    @hookspec
    def consultation_refunded(self, event: t.Event) -> None:
        """A professional gave the price of a finished consultation back (CB-214).

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
    def document_clean(self, event: t.Event) -> None:
        """The portal's scanner found a file of care harmless: from now on it can be opened.

        Arguments: event (payload `document_id`, `subject_kind`, `subject_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def document_refused(self, event: t.Event) -> None:
        """The portal's scanner found something harmful in a file of care: it was not kept.

        Arguments: event (payload `document_id`, `subject_kind`, `subject_id`).
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
    def record_granted(self, event: t.Event) -> None:
        """A patient let a professional see a health record (CB-040); how long it holds, and whether it still does, the record says.

        Arguments: event (payload `grant_id`, `professional_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def record_withdrawn(self, event: t.Event) -> None:
        """A patient took such an authorisation back: it holds no more (CB-205).

        Arguments: event (payload `grant_id`, `professional_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def expertise_asked(self, event: t.Event) -> None:
        """A professional asked colleagues for advice on a patient of their own (CB-047).

        Arguments: event (payload `expertise_id`, `consultation_id`).
        Returns: nothing.
        Combines: each plugin is told on its own; one that fails does not hold up the others.
        When it raises: retried with growing pauses, then dead-lettered where the operator sees it.
        Tenant: set.
        Since: 1.2
        Example: example
        """

    @hookspec
    def expertise_answered(self, event: t.Event) -> None:
        """A colleague gave advice, or said that they cannot.

        Arguments: event (payload `expertise_id`, `professional_id`).
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

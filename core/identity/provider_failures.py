"""Why a sign-in with a provider came to nothing, in plain words; each has a code for the trail."""

from __future__ import annotations

from core.messages import Message, _

_AGAIN = _("The answer of the provider could not be trusted, so nothing was done. Please start again.")
WORDS: dict[str, Message] = {
    "cancelled": _("You stopped at the provider. Nothing was done, and nothing was kept."),
    "provider_down": _("The provider does not answer at the moment. Please try again in a few minutes, or sign in with your password."),
    "provider_error": _("The provider refused the sign-in. Please try again, or sign in with your password."),
    "not_ready": _("The provider does not recognise this portal at the moment. Please sign in another way; we have been told."),
    "expired": _("This sign-in took too long, was used already, or was started in another window. Please start again."),
    "wrong_state": _("This answer does not belong to the sign-in that was started in this browser. Please start again."),
    "unknown_issuer": _("The answer came from somebody else than the provider, so nothing was done. Please start again."),
    "wrong_nonce": _("The answer of the provider was made for another sign-in, so nothing was done. Please start again."),
    "bad_signature": _AGAIN,
    "token_invalid": _AGAIN,
    "not_encrypted": _AGAIN,
    "userinfo_mismatch": _AGAIN,
    "code_refused": _("The provider's answer was used already or ran out. Please start again."),
    "level_too_low": _("You were signed in at the provider at a level that is too low for this portal. Please use its stronger way."),
    "unverified_email": _("The provider has not verified your e-mail address. Please confirm it there first, or open an account here with a form."),
    "number_mismatch": _("The professional number that the provider gives is not the one of this account. Each professional signs in to the account of their own."),
    "number_missing": _("The provider gave no professional number, so it cannot be compared with the one of your account."),
    "account_number_missing": _("Your account has no professional number to compare with. Please write to our support."),
    "wrong_role": _("This provider is for another kind of account."),
    "taken": _("This identity is connected to another account already."),
    "connected": _("Your account is connected with an identity of this provider already. Remove it first."),
    "other_account": _("You are no longer signed in to the account that you wanted to connect. Please start again."),
    "opposed": _("Your credentials were reported as misused. Please choose a new password first: “I forgot my password”."),
    "account_closed": _("Access to this account is closed. Please write to our support."),
}  # fmt: skip


class Failure(Exception):
    """A sign-in with a provider that came to nothing. `reason` is a key of WORDS; `message` replaces its words."""

    def __init__(self, reason: str, message: Message | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message or WORDS[reason]

    @property
    def status(self) -> int:
        """The HTTP status: the person's own choice is no error, a provider that is down is not the person's fault."""
        return {"cancelled": 200, "provider_down": 503, "not_ready": 503}.get(self.reason, 422)

"""The authenticator app: an optional second factor. A code that was used is refused, so are all before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import audit, clock
from core.identity import accounts
from core.identity.models import Account
from core.lazy import lazy
from core.tenancy import keys
from core.tenancy.current import current_tenant

if TYPE_CHECKING:
    import pyotp
    import segno
else:
    pyotp, segno = lazy("pyotp"), lazy("segno")

STEP_SECONDS = 30
DRIFT = 1  # one step of clock drift each way


def _secret(account: Account) -> str:
    assert account.totp_sealed is not None
    return keys.unseal(account.person_id, "accounts", "totp_sealed", account.totp_sealed).decode()


def begin(account: Account) -> str:
    """Start setting up an app: returns the secret (base32) to show. It counts only once confirmed."""
    if account.totp_sealed is not None and account.totp_confirmed_at is None:
        return _secret(account)
    secret = pyotp.random_base32()
    account.totp_sealed = keys.seal(account.person_id, "accounts", "totp_sealed", secret)
    account.totp_confirmed_at = account.totp_last_step = None
    return secret


def picture(account: Account) -> str:
    """The QR code of the secret as a data address of an image, so that nothing is fetched from elsewhere."""
    uri = pyotp.TOTP(_secret(account)).provisioning_uri(
        name=accounts.person(account).email, issuer_name=current_tenant().name
    )
    return str(segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="#ffffff"))


def check(account: Account, code: str) -> bool:
    """Whether a code fits now and was not used before; it is used up by this."""
    if account.totp_sealed is None or not code:
        return False
    totp = pyotp.TOTP(_secret(account))
    step = int(clock.now().timestamp()) // STEP_SECONDS
    for candidate in range(step - DRIFT, step + DRIFT + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(candidate), code):
            if account.totp_last_step is not None and candidate <= account.totp_last_step:
                return False
            account.totp_last_step = candidate
            return True
    return False


def confirm(account: Account, code: str) -> bool:
    """End the set-up with a first code; False where it does not fit."""
    if account.totp_sealed is None or account.totp_confirmed_at is not None or not check(account, code):
        return False
    account.totp_confirmed_at = clock.now()
    audit.record("totp.enabled", "account", account.id)
    return True


def remove(account: Account) -> None:
    """Take the app off the account; codes are sent by message again."""
    account.totp_sealed = account.totp_confirmed_at = account.totp_last_step = None
    audit.record("totp.removed", "account", account.id)

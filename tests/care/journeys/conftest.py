"""What a whole journey needs: two browsers, a live process, a register with a pharmacist, a document."""

from tests.browser.conftest import server
from tests.care.prescriptions.conftest import document, register
from tests.care.rooms.conftest import chromiums, live, valkey_url, visit

__all__ = ["chromiums", "document", "live", "register", "server", "valkey_url", "visit"]

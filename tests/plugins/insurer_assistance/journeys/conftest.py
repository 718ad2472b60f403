"""What the whole way needs: browsers, a live process, the mutual's portal among the portals of the test."""

from tests.browser.conftest import server
from tests.care.rooms.conftest import chromiums, live, valkey_url, visit

__all__ = ["chromiums", "live", "server", "valkey_url", "visit"]

"""For plugins with pages: the present portal, the rule that every view declares who may call it, refusals, language."""

from core.hooks.types import Event, NavigationEntry
from core.scheduling.blueprint import signed_in_professional
from core.tenancy.current import TenantView, current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import language

__all__ = [
    "Event",
    "NavigationEntry",
    "Refused",
    "TenantView",
    "access",
    "current_tenant",
    "language",
    "signed_in_professional",
]

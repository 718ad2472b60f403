"""Every hook of Portico: the public contract with plugins. This module and the
`specs_*` beside it, one for each family, are the manual; `docs/hooks.md` is made from them.

Each docstring has the same parts, in this order: what it asks, *Arguments*, *Returns*, *Combines*, *When it raises*,
*Tenant*, *Since*, *Example*. A test holds every hook to that form.
"""

# A hook has no body of its own: pluggy reads its name, its arguments and this docstring, and calls the plugins'.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hooks.marks import API_VERSION, PROJECT, hookimpl, hookspec
from core.hooks.specs_contributions import Contributions
from core.hooks.specs_decisions import Decisions
from core.hooks.specs_events import Events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.hooks import types as t

__all__ = [
    "API_VERSION", "CONTRIBUTIONS", "DECISIONS", "EVENTS", "FORMATS", "PROJECT", "Contributions", "Decisions", "Events", "Formats",
    "hookimpl", "hookspec",
]  # fmt: skip

CONTRIBUTIONS: frozenset[str]
DECISIONS: frozenset[str]
EVENTS: frozenset[str]
FORMATS: frozenset[str]


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

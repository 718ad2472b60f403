"""The parties behind a portal and what their accounts may do: kept apart, none is assumed to be another (IA-002).

An account of a party has the role `partner` and belongs to exactly one party. What it may see follows from that party
and from the rights that the operator gave to it, never from the portal on which it lives. It sees no health data: no
page of care names this role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import abort, g

from core.messages import Message, _
from core.web.access import access

F = TypeVar("F", bound=Callable[..., Any])
ROLE = "partner"
EDIT, FIGURES, MEMBERS, TEAM = "edit_portal", "see_figures", "load_members", "keep_team"
RIGHTS = (EDIT, FIGURES, MEMBERS, TEAM)
PARTIES: Mapping[str, Message] = {
    "operator": _("Operator of the service"),
    "insurer": _("Insurer"),
    "assister": _("Assister"),
    "publisher": _("Publisher of the site"),
    "health_data_host": _("Health-data host"),
}
RIGHT_LABELS: Mapping[str, Message] = {
    EDIT: _("Edit the portal: brand, texts, hours, contacts"),
    FIGURES: _("See figures of activity, without health data"),
    MEMBERS: _("Load the list of who is covered"),
    TEAM: _("Record who works in the care team, and who may read or listen"),
}
# What an account of a party can be given at all. The assister carries out the acts and edits no brand; the publisher
# answers for the site and has no business with its figures; the host stores and needs neither. The care team is the
# operator's alone (IA-011), in the hands of administrators: whoever answers the telephone names nobody.
MAY: Mapping[str, frozenset[str]] = {
    "operator": frozenset(RIGHTS),
    "insurer": frozenset({EDIT, FIGURES, MEMBERS}),
    "assister": frozenset({FIGURES}),
    "publisher": frozenset({EDIT}),
    "health_data_host": frozenset(),
}


def effective(party: str | None, rights: Iterable[str]) -> frozenset[str]:
    """The rights that count: those given, as far as the party may have them. None for whom there is no party."""
    return frozenset(rights) & MAY.get(party or "", frozenset())


def may(account: Any, right: str, parties: Iterable[str] = tuple(PARTIES)) -> bool:
    """Whether the account (None: nobody) is one of these parties' and holds the right. Other roles hold none."""
    return account is not None and account.role == ROLE and account.party in tuple(parties) and right in account.rights


def partner_view(*rights: str, parties: Iterable[str] = tuple(PARTIES)) -> Callable[[F], F]:
    """Declare a view for accounts of these parties that hold every one of these rights; others get 403.

    Raises ValueError for a right or a party that does not exist.
    """
    allowed = tuple(parties)
    if set(rights) - set(RIGHTS) or set(allowed) - set(PARTIES):
        raise ValueError(
            f"no such right or party: {sorted((set(rights) - set(RIGHTS)) | (set(allowed) - set(PARTIES)))}"
        )

    def mark(view: F) -> F:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            account = g.get("account")
            if account is None or account.party not in allowed or not all(may(account, r) for r in rights):
                abort(403)
            return view(*args, **kwargs)

        return access(ROLE)(checked)  # type: ignore[return-value]

    return mark

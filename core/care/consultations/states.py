"""The state machine of a consultation: one table. The database guards it too: `UPDATE ... WHERE state = ...`."""

from __future__ import annotations

from collections.abc import Mapping

REQUESTED = "requested"
ACCEPTED = "accepted"
DECLINED = "declined"
EXPIRED = "expired"
CANCELLED = "cancelled"
IN_PROGRESS = "in_progress"
NO_SHOW = "no_show"
AWAITING_REPORT = "awaiting_report"
COMPLETED = "completed"
REFUNDED = "refunded"

TRANSITIONS: Mapping[str, frozenset[str]] = {
    REQUESTED: frozenset({ACCEPTED, DECLINED, EXPIRED, CANCELLED}),
    ACCEPTED: frozenset({IN_PROGRESS, CANCELLED, NO_SHOW, REQUESTED}),
    IN_PROGRESS: frozenset({AWAITING_REPORT, CANCELLED}),
    AWAITING_REPORT: frozenset({COMPLETED, CANCELLED}),
    COMPLETED: frozenset({REFUNDED}),
    DECLINED: frozenset(),
    EXPIRED: frozenset(),
    CANCELLED: frozenset(),
    NO_SHOW: frozenset(),
    REFUNDED: frozenset(),
}
"""`in_progress` and `awaiting_report` are cancelled by the operator only: a technical failure, a report never saved
(decision 14), or by the professional of a request to the pool, with an outcome (`pool.stop`). `accepted` goes back to
`requested` in the pool only, when the patient refuses the professional or the professional hands it back. An express
consultation is in progress from the moment it is accepted."""

OPEN = frozenset({REQUESTED, ACCEPTED, IN_PROGRESS, AWAITING_REPORT})
"""While a consultation is in one of these, money may be held for it."""

UNDER_WAY = frozenset({ACCEPTED, IN_PROGRESS, AWAITING_REPORT})
"""Two parties are known and may write to each other (messages end with the report)."""

AGAIN = frozenset({DECLINED, EXPIRED, CANCELLED})
"""From these the request can be sent again (CB-157)."""


def may_become(state: str, target: str) -> bool:
    """Whether the machine allows this step."""
    return target in TRANSITIONS.get(state, frozenset())

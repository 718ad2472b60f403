"""Who is controller of which data (CB-275): the professional of what they did, the operator of the portal's own."""

from __future__ import annotations

from typing import Literal

Party = Literal["professional", "operator"]
CONTROLLERS: dict[str, Party] = {
    "report": "professional",
    "consultation": "professional",
    "consultation_message": "professional",
    "prescription": "professional",
    "professional_entry": "professional",
    "account": "operator",
    "patient_entry": "operator",
    "authorisation": "operator",
    "directory": "operator",
    "request": "operator",
}
"""A request and the search before it are the matching service, which is the operator's. For what a professional controls, the
operator is the processor."""


def controller_of(data_set: str) -> Party:
    """The controller of a data set. Raises KeyError: data without a controller are a mistake."""
    return CONTROLLERS[data_set]


def processor_of(data_set: str) -> Literal["operator"] | None:
    """The operator, where a professional is the controller; else nobody."""
    return "operator" if controller_of(data_set) == "professional" else None

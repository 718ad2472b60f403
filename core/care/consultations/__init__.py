"""Consultations: one delivery of a service, from request to report, with its state machine."""

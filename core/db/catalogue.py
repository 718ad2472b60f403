"""Which tables are global, and why. The table walk fails on any other table without a tenant."""

from __future__ import annotations

GLOBAL_TABLES: dict[str, str] = {
    "tenants": "the list of portals itself; no personal data",
    "tenant_hosts": "host names of portals, looked up before a tenant is known",
    "tenant_revisions": "configuration of portals; no personal data",
    "practitioners": "the person behind professional accounts, one agenda over all portals; public register data only",
    "practitioner_registrations": "public register numbers of practitioners",
    "busy_ranges": "when a practitioner is taken: range and opaque id, nothing of the patient or the portal",
    "practitioner_absences": "when a practitioner is away: range only",
    "register_entries": "imported public registers of professionals",
}

# Cross-tenant functions (SECURITY DEFINER), each owned by the crossing role; the walk refuses any other.
CROSSING_FUNCTIONS: dict[str, str] = {
    "outbox_claim": "the relay takes due deliveries of all portals: ids only",
    "outbox_overview": "the operator's console counts what waits and what died, per portal",
}

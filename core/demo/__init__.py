"""Demo data: two portals with people and weeks of appointments, always the same."""

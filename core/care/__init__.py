"""Care: consultations, rooms, documents, reports, prescriptions, health profile, record."""

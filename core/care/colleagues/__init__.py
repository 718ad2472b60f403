"""Between professionals: messages, advice on a patient, reservations on the platform, and one's own copy."""

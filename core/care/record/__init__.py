"""The record of a person: health profile, authorisations, and who looked. Its face for other rooms is `service`."""

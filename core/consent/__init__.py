"""Legal documents and their versions, acceptances, refusals, proof. An account is an opaque id here."""

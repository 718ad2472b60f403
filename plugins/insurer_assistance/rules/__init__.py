"""The contract of an insurer's assistance as pure functions: facts in, decision out."""

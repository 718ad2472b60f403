"""Pure functions: facts in, decision out; no database, no clock, no Flask."""

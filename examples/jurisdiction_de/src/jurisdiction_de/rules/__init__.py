"""The rules: pure functions, facts in, decision out. No database, no clock, no web."""

"""What every plugin must hold, by Portico's own kit: hooks, law, cases, words, imports. One test for each check."""

from core.testing.conformance import conformance_of

test_conformance = conformance_of("jurisdiction_de")

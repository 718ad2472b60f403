"""`processing_entries`: complete lines of the register (GDPR article 30)."""

from core.hooks.types import ProcessingEntry


def test_each_is_complete(implementation, says, is_code):
    found = implementation()
    assert found
    for entry in found:
        assert isinstance(entry, ProcessingEntry)
        is_code(entry.code)
        for words in (entry.purpose, entry.legal_basis, entry.data, entry.recipients, entry.retention):
            says(implementation.plugin, words)


def test_no_two_have_one_code(all_of):
    codes = [e.code for e in all_of("processing_entries")]
    assert len(codes) == len(set(codes))

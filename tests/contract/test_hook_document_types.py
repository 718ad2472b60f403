"""`document_types`: a label, a holder, a code of their own."""

from core.hooks.types import DocumentType


def test_each_is_complete(implementation, says, is_code):
    for document in implementation():
        assert isinstance(document, DocumentType)
        is_code(document.code)
        says(implementation.plugin, document.label)
        assert document.holder in ("patient", "professional")
        if document.help is not None:
            says(implementation.plugin, document.help)


def test_no_two_have_one_code(all_of):
    codes = [d.code for d in all_of("document_types")]
    assert len(codes) == len(set(codes))

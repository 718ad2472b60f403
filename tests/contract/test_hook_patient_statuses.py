"""`patient_statuses`: for categories that exist, with proofs that exist, declared by the patient first."""

from core.hooks.types import Status


def test_each_is_complete(implementation, says, is_code):
    for status in implementation():
        assert isinstance(status, Status)
        is_code(status.code)
        says(implementation.plugin, status.label)
        says(implementation.plugin, status.description)
        assert any(c.kind == "declared" for c in status.conditions), "a status is never assumed"


def test_their_categories_and_proofs_exist(implementation, all_of):
    categories = {c.code for c in all_of("categories")}
    documents = {d.code for d in all_of("document_types")}
    for status in implementation():
        assert status.categories
        assert set(status.categories) <= categories
        assert status.proof is None or status.proof in documents


def test_no_two_have_one_code(all_of):
    codes = [s.code for s in all_of("patient_statuses")]
    assert len(codes) == len(set(codes))

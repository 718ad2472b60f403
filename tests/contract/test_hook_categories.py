"""`categories`: codes unique over all plugins, conditions that other hooks can satisfy, required plugins that exist."""

from core.hooks.types import Category

KINDS = {"residence", "workplace", "identifier", "document", "declared", "residence_elsewhere"}


def test_each_is_complete(implementation, says, is_code):
    for category in implementation():
        assert isinstance(category, Category)
        is_code(category.code)
        says(implementation.plugin, category.label)
        says(implementation.plugin, category.description)
        assert category.conditions
        assert {c.kind for c in category.conditions} <= KINDS


def test_no_two_have_one_code(all_of):
    codes = [c.code for c in all_of("categories")]
    assert len(codes) == len(set(codes))


def test_what_they_ask_for_can_be_supplied(implementation, all_of, everyone):
    numbers = {i.code for i in all_of("identifier_types") if i.holder == "patient"}
    copies = {d.code for d in all_of("document_types") if d.holder == "patient"}
    for category in implementation():
        assert {c.value for c in category.conditions if c.kind == "identifier"} <= numbers
        assert {c.value for c in category.conditions if c.kind == "document"} <= copies
        assert set(category.requires) <= set(everyone.names())


def test_it_does_not_change(implementation, same_again):
    same_again(implementation)

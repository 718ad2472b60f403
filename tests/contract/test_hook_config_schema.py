"""`config_schema`: strict, complete with its defaults, every field described with an example that it takes."""

import pytest
from marshmallow import Schema, ValidationError


def test_it_is_a_strict_schema(implementation):
    schema = implementation()
    assert issubclass(schema, Schema)
    with pytest.raises(ValidationError, match="Unknown field"):
        schema().load({"no_such_key": 1})


def test_an_empty_section_is_enough(implementation):
    assert isinstance(implementation()().load({}), dict)


def test_every_field_has_words_and_an_example_that_it_takes(implementation):
    schema = implementation()()
    for name, field in schema.fields.items():
        assert len(field.metadata["description"]) > 10, name
        example = field.metadata["example"]
        assert not schema.validate({name: example}, partial=True), f"{name}: its own example is refused"

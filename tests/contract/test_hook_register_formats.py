"""`register_formats`: a code of its own, a reader that refuses a foreign header and keeps going after a bad line."""

import pytest

from core.hooks.registers import RegisterFormat, RegisterRefused


def test_each_is_complete(implementation, says, is_code):
    for one in implementation():
        assert isinstance(one, RegisterFormat)
        is_code(one.code)
        says(implementation.plugin, one.label)
        assert len(one.country) == 2


def test_a_file_of_something_else_is_refused(implementation):
    for one in implementation():
        with pytest.raises(RegisterRefused) as refused:
            list(one.read([b"colour,shape\n", b"red,round\n"]))
        assert "colour" in str(refused.value)


def test_codes_are_given_once(all_of):
    codes = [one.code for one in all_of("register_formats")]
    assert len(codes) == len(set(codes))

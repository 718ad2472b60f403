"""`specialties`: the medical flag decides physician or allied, so plugins may not differ about it."""

from core.hooks.types import Specialty


def test_each_is_complete(implementation, says, is_code):
    found = implementation()
    assert found
    for specialty in found:
        assert isinstance(specialty, Specialty)
        is_code(specialty.code)
        says(implementation.plugin, specialty.label)
        assert isinstance(specialty.medical, bool)


def test_a_code_is_given_once_by_a_plugin(implementation):
    codes = [s.code for s in implementation()]
    assert len(codes) == len(set(codes))


def test_plugins_agree_on_shared_names(all_of):
    names: dict[str, set[str]] = {}
    for specialty in all_of("specialties"):
        names.setdefault(specialty.code, set()).add(str(specialty.label))
    assert not {code: said for code, said in names.items() if len(said) > 1}

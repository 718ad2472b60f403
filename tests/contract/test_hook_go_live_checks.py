"""`go_live_checks`: what is missing, with key and words; an empty configuration raises nothing; the argument is not changed."""

import copy

from core.hooks.types import GoLiveCheck


def test_an_empty_configuration_lacks_something_or_nothing_but_raises_not(implementation, says):
    for missing in implementation({}):
        assert isinstance(missing, GoLiveCheck)
        assert missing.key.strip()
        says(implementation.plugin, missing.message)


def test_the_configuration_is_left_as_it_was(implementation, bundles):
    config = copy.deepcopy(bundles["frontalia"]["config"])
    before = copy.deepcopy(config)
    implementation(config)
    assert config == before


def test_a_complete_portal_lacks_nothing(implementation, bundles):
    config = copy.deepcopy(bundles["frontalia"]["config"])
    config["plugins"].setdefault("example", {})["welcome"] = "Welcome"
    assert not list(implementation(config))

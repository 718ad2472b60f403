"""`navigation`: links to the plugin's own pages, for roles that exist."""

from core.hooks.types import NavigationEntry

ROLES = {"patient", "professional", "operator", "partner"}


def test_each_is_complete(implementation, says, is_code):
    for entry in implementation():
        assert isinstance(entry, NavigationEntry)
        is_code(entry.code)
        says(implementation.plugin, entry.label)
        assert entry.roles
        assert set(entry.roles) <= ROLES
        assert entry.endpoint.startswith(f"{implementation.plugin}.")


def test_its_page_exists(implementation, everyone):
    blueprints = {b.name for b in everyone.modules[implementation.plugin].blueprints()}
    for entry in implementation():
        assert entry.endpoint.partition(".")[0] in blueprints

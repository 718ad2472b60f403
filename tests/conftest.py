"""All tests use the kit that integrators get too."""

pytest_plugins = ["core.testing.plugin"]

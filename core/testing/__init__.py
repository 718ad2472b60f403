"""The kit for tests, core's and plugins': a real database per worker, two portals, browsers without a browser, an inbox.

Enable it with `pytest_plugins = ["core.testing.plugin"]` in a top-level conftest.
"""

"""The kit of Portico: fixtures for the application, two portals, an inbox. They start a database on first use only."""

pytest_plugins = ["core.testing.plugin"]

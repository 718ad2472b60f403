"""All tests use the kit that integrators get too."""

import logging

from hypothesis import HealthCheck, settings

pytest_plugins = ["core.testing.plugin"]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("portico", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portico")

# A line for each drawing that a browser fetched would bury what a failing trial says.
logging.getLogger("werkzeug").setLevel(logging.WARNING)

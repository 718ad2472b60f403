"""All tests use the kit that integrators get too."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["core.testing.plugin"]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("portico", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portico")

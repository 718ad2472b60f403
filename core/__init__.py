"""Portico's core: it knows no country, no insurer and no brand."""

__version__ = "0.1.0"

"""Hooks: the contract between core and plugins. Only this package touches pluggy."""

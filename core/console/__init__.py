"""The operator's console: a portal of its own kind, from which the installation and its portals are run."""

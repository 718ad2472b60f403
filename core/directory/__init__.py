"""The directory: practitioners known once per installation, their profiles on each portal, search."""

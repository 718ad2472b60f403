"""The live channel: who is here, signals between two, and "look again" to open pages. PostgreSQL stays the truth."""

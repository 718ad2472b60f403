"""Promises with a clock: due, near, kept, missed; declared by core or a plugin (design.md, section 9)."""

"""The typed model: one field per keyword."""

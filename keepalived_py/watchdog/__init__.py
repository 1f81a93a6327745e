"""Supervision: start, watch, restart, reload and stop the children."""

"""Our daemon and the machine's own keepalived in turn, in the same lab: `python -m bench`."""

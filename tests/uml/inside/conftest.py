"""These tests need kernel modules that a machine may lack: tests/uml/test_uml.py runs them inside User Mode Linux."""

import os

from tests.uml.machine import INSIDE

collect_ignore_glob = [] if INSIDE in os.environ else ["test_*.py"]

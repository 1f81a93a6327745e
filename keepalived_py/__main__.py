"""`python -m keepalived_py` is the `keepalived` command."""

import sys

from keepalived_py.cli import main

if __name__ == "__main__":
    sys.exit(main())

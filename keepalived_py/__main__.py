"""`python -m keepalived_py` is `keepalived`."""

import sys

from keepalived_py.cli import main

sys.exit(main())

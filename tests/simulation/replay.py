"""`python -m tests.simulation.replay SEED`: print the whole timeline of one history."""

import sys

from tests.simulation.history import explain

if __name__ == "__main__":
    print(explain(int(sys.argv[1])))

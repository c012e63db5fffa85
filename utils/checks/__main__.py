"""``python -m utils.checks [ID ...] [--json]``."""

import sys

from utils.checks.runner import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m utils.checks [ID ...] [--json]``."""

import sys

from utils.checks.runner import main

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # as shells call it

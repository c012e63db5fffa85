"""``python -m utils.checks [ID ...] [--json]``."""

import sys

from utils.checks.runner import main
from utils.console import accept_all_letters

if __name__ == "__main__":
    accept_all_letters()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # as shells call it

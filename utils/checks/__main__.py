"""``python -m utils.checks [ID ...] [--json]``."""

import sys

from utils.checks.runner import main
from utils.console import accept_all_letters, run

if __name__ == "__main__":
    accept_all_letters()
    sys.exit(run(main))

"""``python -m utils.sweep RECIPE --vary FIELD=RANGE [--storage ADDRESS]``."""

import sys

from utils.sweep.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Run the command line."""

import sys

from utils.experiments.cli import main

if __name__ == "__main__":
    sys.exit(main())

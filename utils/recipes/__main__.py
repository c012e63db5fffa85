"""Run the command line."""

import sys

from utils.recipes.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m utils.staff COMMAND``."""

import sys

from utils.staff.cli import main

if __name__ == "__main__":
    sys.exit(main())

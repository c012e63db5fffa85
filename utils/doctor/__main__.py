"""``python -m utils.doctor``: see `utils.doctor.report`."""

import sys

from utils.console import run
from utils.doctor.report import main

if __name__ == "__main__":
    sys.exit(run(main))

"""``python -m utils.pdf``: see `utils.pdf.cli`."""

import sys

from utils.pdf.cli import main

if __name__ == "__main__":
    sys.exit(main())

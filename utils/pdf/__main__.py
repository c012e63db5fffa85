"""``python -m utils.pdf``: see `utils.pdf.cli`."""

import sys

if __name__ == "__main__":
    try:
        from utils.pdf.cli import main  # takes a second, in which Ctrl-C may come

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("No PDF: stopped.")

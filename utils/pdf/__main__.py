"""``python -m utils.pdf``: see `utils.pdf.cli`."""

import contextlib
import sys

if __name__ == "__main__":
    # nbformat's validator would build a parser of internet addresses, which takes
    # longer than the PDF, for formats that no notebook uses; without it, it does.
    sys.modules.setdefault("rfc3987_syntax", None)
    if {"-h", "--help"} & set(sys.argv[1:]):  # before the set-up, too
        from utils.pdf.arguments import parser

        parser().parse_args()
    try:
        from utils.pdf.cli import main  # takes a second, in which Ctrl-C may come
        from utils.pdf.register import register

        with contextlib.suppress(OSError):  # the folder is read-only: do without
            register()
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("No PDF: stopped.")

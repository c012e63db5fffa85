#!/bin/sh
# Make build/submission.pdf; the first time, set up .venv before.
#   ./export_pdf.sh           set up if needed, then export
#   ./export_pdf.sh --setup   only set up
#   ./export_pdf.sh --help    set up nothing, list the other arguments
# All of those go to `python -m utils.pdf`.
set -eu
# What `-o` counts from.
EXPORT_PDF_CALLED_FROM=$PWD
export EXPORT_PDF_CALLED_FROM
CDPATH='' cd -- "$(dirname -- "$0")"
. utils/setup.sh

for argument; do
    case $argument in -h | --help)
        find_ready || find_python
        echo './export_pdf.sh --setup only makes .venv; all else makes the PDF:'
        exec "$python" -m utils.pdf "$@"
        ;;
    esac
done
set_up
if [ "${1-}" = --setup ]; then
    "$python" -m utils.pdf.register
    echo "The environment in .venv is ready. The notebooks: $python -m jupyterlab"
    exit 0
fi
exec "$python" -m utils.pdf "$@"

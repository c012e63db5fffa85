#!/bin/sh
# Try the workbook with another Python, in a fresh clone of the last commit:
#   tests/everywhere/python.sh 3.13 [FOLDER]
# makes an environment there, runs the tests that a new Python could break (set-up,
# layers, engine, checks), one PDF, and all checks.  Without FOLDER, one is made and
# deleted.  Takes about 10 minutes on two cores.
set -eu
version=$1
top=$(git -C "$(dirname -- "$0")" rev-parse --show-toplevel)
if [ "${2-}" ]; then
    folder=$2
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT TERM
fi

python=python$version
if ! "$python" -c '' 2>/dev/null; then
    uv python install "$version"
    python=$(uv python find --system "$version")
fi
[ -d "$folder/.git" ] || git clone -q "$top" "$folder"
cd "$folder"
"$python" -m utils.environment

run() {
    echo "== $*"
    "$@"
}
run .venv/bin/python -m pytest -q -m 'not slow' tests/everywhere tests/test_*.py \
    tests/kernels tests/network tests/solver tests/checks/test_process.py
run ./export_pdf.sh --only Receptive-Fields
run .venv/bin/python -m utils.checks conv-forward conv-backward max-pool spatial
echo "== Python $version: ok"

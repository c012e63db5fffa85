#!/bin/sh
# Gradescope runs this once, as root, when the image is built.
set -eu
: "${PREFIX:=/opt/cnn-workbook}" "${AUTOGRADER:=/autograder}"
export DEBIAN_FRONTEND=noninteractive

# The system's Python, if it is new enough, or one of our own.
python=''
for name in python3.13 python3.12 python3.11 python3; do
    if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
        2> /dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    apt-get update
    apt-get install -y --no-install-recommends ca-certificates python3-pip
    python3 -m pip install uv
    export UV_PYTHON_INSTALL_DIR="$PREFIX/python"
    uv python install 3.12
    python=$(uv python find 3.12)
fi
"$python" -m venv "$PREFIX/venv"
"$PREFIX/venv/bin/python" -m pip install --no-cache-dir \
    -r "$AUTOGRADER/source/requirements.txt"

# Submissions run as another user: they need Python, and may see nothing of ours.
chmod -R go+rX "$PREFIX"
chmod -R go-rwx "$AUTOGRADER/source"
cd "$AUTOGRADER/source/workbook"
"$PREFIX/venv/bin/python" -B -m utils.staff.container "$AUTOGRADER" --warm

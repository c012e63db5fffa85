# shellcheck shell=sh
# Set-up shared by export_pdf.sh and test.sh, which source this file from the
# top folder.  After set_up, $python is the Python of a ready .venv.

export PYTHONUTF8=1
# They point into another Python, whose packages would mix with ours; with the last,
# Python does not find utils in the current folder.
unset PYTHONHOME PYTHONPATH PYTHONSAFEPATH

needed='Python 3.11 to 3.14 is needed'
# Status 0: the workbook runs on this Python; 2: it does, but the modules that make
# environments are missing; 1: it does not, and the output is its version.
probe='import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit("%d.%d.%d" % sys.version_info[:3])
try:
    import ensurepip, venv
except ImportError:
    sys.exit(2)'

fail() {
    echo "Set-up failed: $1, then run this again." >&2
    exit 1
}

# Set $python to the Python of .venv if that one is ready.
find_ready() {
    for python in .venv/bin/python .venv/Scripts/python.exe; do
        if [ -x "$python" ] && "$python" -m utils.environment --check 2>/dev/null; then
            return 0
        fi
    done
    return 1
}

# Set $python to a Python that can make the environment.  One without ensurepip is
# kept in reserve: uv can do without, and if there is no uv, Python says what to do.
find_python() {
    reserve='' unfit=''
    for python in python3.13 python3.12 python3.11 python3.14 python3 python py; do
        command -v "$python" >/dev/null 2>&1 || continue
        status=0
        answer=$("$python" -c "$probe" 2>&1) || status=$?
        case $status in
            0) return 0 ;;
            2) reserve=${reserve:-$python} ;;
            1) unfit=${unfit:-$answer} ;;
        esac
    done
    python=$reserve
    [ -n "$python" ] || find_python_with_uv
}

find_python_with_uv() {
    case $unfit in [0-9].*) needed="$needed (found only $unfit)" ;; esac
    command -v uv >/dev/null 2>&1 ||
        fail "$needed; install Python 3.13, or uv, which brings one"
    python=$(uv python find --system '>=3.11,<3.15' 2>/dev/null) && return 0
    echo 'Fetching Python 3.13 with uv.'
    answer=$(uv python install 3.13 2>&1) &&
        python=$(uv python find --system 3.13 2>&1) && return 0
    answer=$(echo "$answer" | tail -n 1 | sed 's/^ *//')
    fail "$needed and uv could not fetch it ($answer); go online"
}

set_up() {
    find_ready && return 0
    find_python
    # After Ctrl-C, wait for Python to tidy up instead of dying before it.
    trap : INT
    status=0
    "$python" -m utils.environment || status=$?
    trap - INT
    [ "$status" -eq 0 ] || exit "$status"
    find_ready || fail 'the new .venv does not start; delete it'
}

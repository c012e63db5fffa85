#!/bin/sh
# BEGIN STAFF
# Check everything: lint, tests, kernels without their compiler, notebooks.
#   ./test.sh            all of it
#   ./test.sh --fast     without the slow tests (whole notebooks, a fresh set-up)
#   ./test.sh --widths   and the engine with narrower vectors, one and many threads
#   ./test.sh --browser  and the notebooks in JupyterLab, driven through Chromium
# All other arguments go to pytest, for example: ./test.sh --fast -k batchnorm
#
# In a handout this file is shorter:
# END STAFF
# Check the exercises; the first time, set up .venv before.
#   ./test.sh                all of them
#   ./test.sh conv-forward   one of them; --help lists their names
set -eu
CDPATH='' cd -- "$(dirname -- "$0")"
. utils/setup.sh

# BEGIN STAFF
slow=yes widths=no browser=no
while :; do
    case ${1-} in
        --fast) slow=no ;;
        --widths) widths=yes ;;
        --browser) browser=yes ;;
        *) break ;;
    esac
    shift
done
chosen=$# # above 0: the caller chose the tests, and a stage may have none of them
failed='' tested=no
all_begin=$(date +%s)

# Run a command as a stage: stage NAME COMMAND...
stage() {
    name=$1
    shift
    echo "== $name"
    begin=$(date +%s)
    status=0
    "$@" || status=$?
    case $status in
        0) result=ok tested=yes ;;
        5) result='no tests' ;; # pytest's status for that
        *) result=FAILED failed="$failed $name," tested=yes ;;
    esac
    [ "$status" -ne 5 ] || [ "$chosen" -gt 0 ] || failed="$failed $name,"
    echo "== $name: $result, $(($(date +%s) - begin)) s"
}

finish_slow_tests() {
    status=0
    wait "$slow_tests" || status=$?
    cat "$slow_log"
    return "$status"
}

stop_slow_tests() {
    # As Ctrl-C does, so that they end what they have started; later, for good.
    kill -INT "$slow_tests" 2>/dev/null || return 0
    (sleep 10 && kill "$slow_tests") >/dev/null 2>&1 &
    later=$!
    wait "$slow_tests" || :
    kill "$later" 2>/dev/null || :
}

set_up
stage 'lint' "$python" -m ruff check
stage 'format' "$python" -m ruff format --check
tested=no
if [ "$slow" = yes ]; then
    # Beside the others: hardly any test keeps two cores busy.
    slow_log=$(mktemp)
    "$python" -m pytest -q -m slow "$@" >"$slow_log" 2>&1 &
    slow_tests=$!
    trap 'stop_slow_tests; rm -f "$slow_log"' EXIT
    trap 'exit 130' INT TERM
fi
stage 'fast tests' "$python" -m pytest -q -m 'not slow and not browser' "$@"
stage 'kernels uncompiled' env NUMBA_DISABLE_JIT=1 "$python" -m pytest -q tests/kernels "$@"
if [ "$widths" = yes ]; then
    # Numba compiles for the instructions that it is told of; the name alone leaves it
    # all that the machine has.
    engine='tests/kernels tests/network tests/test_fast_layers.py'
    stage 'AVX2: 8 floats' env NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=+avx,+avx2,+fma \
        "$python" -m pytest -q $engine "$@"
    stage 'SSE: 4 floats' env NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES=+sse,+sse2 \
        "$python" -m pytest -q $engine "$@"
    stage 'one thread' env UTILS_THREADS=1 "$python" -m pytest -q $engine "$@"
    stage 'many threads' env UTILS_THREADS=9 "$python" -m pytest -q $engine "$@"
fi
if [ "$slow" = yes ]; then
    stage 'slow tests, waited for' finish_slow_tests
fi
if [ "$browser" = yes ]; then
    stage 'browser tests' "$python" -m pytest -q -rs -m browser "$@"
fi
[ "$tested" = yes ] || failed="$failed no test ran,"

echo "== all: ${failed:+FAILED:}${failed:-ok,} $(($(date +%s) - all_begin)) s"
[ -z "$failed" ]
exit
# END STAFF
set_up
exec "$python" -m utils.checks "$@"

from typing import NamedTuple

import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, normal
from utils.kernels import threads
from utils.kernels.compiler import kernel
from utils.kernels.simd import BYTES, LANES, address, instruction, next_ticket

pytestmark = needs_compiler


class Up(NamedTuple):
    """Adds `amount`."""

    amount: float


class Times(NamedTuple):
    """Multiplies with the numbers of an array."""

    factors: np.ndarray


@instruction
def _change(e, rule, x, out):
    value = e.load(x)
    if rule.kind is Up:
        value = value + rule.amount
    else:
        value = value * e.load(rule.factors)
    e.store(value, out)


@kernel
def change(rule, x, out):
    for i in range(0, x.size, LANES):
        _change(rule, address(x) + i * 4, address(out) + i * 4)


@instruction
def _memory(e, x, y, out):
    rows = [e.load(x + i * BYTES) for i in range(LANES)]
    for i, column in enumerate(e.transpose(rows)):
        e.store(column, out + i * BYTES)
    out = out + LANES * BYTES
    results = [e.load_scalar(x + 4), e.relu(e.load(y)), e.math("fabs", e.load(x))]
    results += [e.power_of_two(e.load(x))]
    for i, result in enumerate(results):
        e.store(result, out + i * BYTES)
    e.prefetch(e.int(0))  # never a fault, wherever it points


@instruction
def _bytes(e, x, code, out):
    loaded = e.load_bytes(x)
    same = e.bytes_equal(loaded, e.byte_splat(code))
    e.store_bytes(e.where(same, e.byte_constant(9), loaded), out)
    with e.when(code.below(3)):
        e.store_bytes(loaded, out + LANES)


@kernel
def memory(x, y, out):
    _memory(address(x), address(y), address(out))


@kernel
def few_bytes(x, code, out):
    _bytes(address(x), code, address(out))


@kernel
def take(worker, workers, counter, taken):
    while True:
        ticket = next_ticket(counter)
        if ticket >= len(taken):
            break
        taken[ticket] += 1


def test_the_type_of_a_named_tuple_chooses_the_code(rng):
    x, out = normal(rng, 3 * LANES), np.empty(3 * LANES, np.float32)
    change(Up(2.5), x, out)
    np.testing.assert_array_equal(out, x + np.float32(2.5))
    factors = normal(rng, LANES)
    change(Times(factors), x, out)
    np.testing.assert_array_equal(out, x * np.tile(factors, 3))


def test_memory_operations(rng):
    x = rng.integers(-20, 20, (LANES, LANES)).astype(np.float32)
    y, out = normal(rng, LANES), np.empty((LANES + 4, LANES), np.float32)
    y[-1] = np.nan
    memory(x, y, out)
    np.testing.assert_array_equal(out[:LANES], x.T)
    splat, relu, size, power = out[LANES:]
    np.testing.assert_array_equal(splat, x[0, 1])
    np.testing.assert_array_equal(relu, np.maximum(y, 0))
    np.testing.assert_array_equal(size, np.abs(x[0]))
    np.testing.assert_array_equal(power, 2 ** x[0])


@pytest.mark.parametrize("code", [0, 2, 3])
def test_bytes(rng, code):
    x = rng.integers(0, 4, LANES).astype(np.uint8)
    out = np.full(2 * LANES, 77, np.uint8)
    few_bytes(x, code, out)
    np.testing.assert_array_equal(out[:LANES], np.where(x == code, 9, x))
    np.testing.assert_array_equal(out[LANES:], x if code < 3 else 77)


def test_each_ticket_is_taken_once(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 4)
    taken = np.zeros(10_000, np.int64)
    threads.each(take, np.zeros(1, np.int64), taken)
    np.testing.assert_array_equal(taken, 1)


def test_a_wrong_argument_is_an_error():
    with pytest.raises(Exception, match="an instruction cannot take"):
        change(Up(1.0), np.ones(LANES, np.float32), "text")

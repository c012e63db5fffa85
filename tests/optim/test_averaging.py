import io

import numpy as np
import pytest

from utils.optim import Ema, Lookahead, power
from utils.optim.averaging import approach

SHAPES = {"w": (3, 4), "mean": (5,), "large": (20_000,), "scale": ()}


def random_arrays(rng, dtype=np.float32):
    return {name: np.array(rng.standard_normal(s), dtype) for name, s in SHAPES.items()}


def copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def close(arrays, wanted, bound=1e-6):
    for name, array in arrays.items():
        np.testing.assert_allclose(array, wanted[name], rtol=bound, atol=bound)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("decay", [0.9, lambda progress: progress])
def test_ema_is_the_formula(rng, decay, every):
    arrays = random_arrays(rng)
    wanted = {name: array.astype(float) for name, array in arrays.items()}
    ema = Ema(decay, every)
    ema.bind(arrays)
    for step in range(1, 8):
        for array in arrays.values():
            array += rng.standard_normal(array.shape)
        before = copies(arrays)
        ema.update(arrays, step / 10)
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, before[name])
            if step % every == 0:
                a = 0.9 if decay == 0.9 else step / 10
                wanted[name] = a * wanted[name] + (1 - a) * array
    close(ema.average, wanted)


def test_swap_is_there_and_back_bit_by_bit(rng):
    arrays = random_arrays(rng)
    ema = Ema(0.5)
    ema.bind(arrays)
    for array in arrays.values():
        array += 1
    ema.update(arrays, 0.5)
    own, average = copies(arrays), copies(ema.average)
    ids = {name: id(array) for name, array in arrays.items()}
    ema.swap(arrays)
    close(arrays, average, 0)
    close(ema.average, own, 0)
    for call in (lambda: ema.update(arrays, 0.6), ema.state_dict):
        with pytest.raises(RuntimeError, match="swap back before"):
            call()
    ema.swap(arrays)
    close(arrays, own, 0)
    close(ema.average, average, 0)
    assert ids == {name: id(array) for name, array in arrays.items()}


def test_loading_and_binding_end_a_swap(rng):
    arrays, ema = random_arrays(rng), Ema()
    ema.bind(arrays)
    state = ema.state_dict()
    for end in (lambda: ema.load_state_dict(state), lambda: ema.bind(arrays)):
        ema.swap(arrays)
        end()
        ema.update(arrays, 0)


def test_lookahead_is_the_formula(rng):
    arrays = random_arrays(rng)
    average = {name: array.astype(float) for name, array in arrays.items()}
    wanted = copies(average)
    lookahead = Lookahead()
    lookahead.bind(arrays)
    for step in range(1, 13):
        progress = step / 12
        for name, array in arrays.items():
            noise = rng.standard_normal(array.shape)
            array += noise
            wanted[name] = wanted[name] + noise
        lookahead.update(arrays, progress)
        for name in arrays:
            a = 0.95**5 * progress**3
            if step % 5 == 0:
                average[name] = a * average[name] + (1 - a) * wanted[name]
            if step % 5 == 0 or step == 12:  # the last one: the average is the result
                wanted[name] = average[name].copy()
        close(arrays, wanted, 1e-5)
        close(lookahead.average, average, 1e-5)


def test_equal_numbers_stay_equal():
    # A whitening layer does not train, and its average must not wander off.
    w = np.float32([0.1, 1 / 3, 1e-30, 3e38])
    average = w.copy()
    for part in (0.013, 0.7, 1.0):
        approach(average, w, part)
        np.testing.assert_array_equal(average, w)


@pytest.mark.parametrize("make", [Ema, Lookahead])
def test_a_run_goes_on_from_a_file_bit_by_bit(rng, make):
    arrays = random_arrays(rng)
    noises = [random_arrays(rng) for _ in range(14)]
    first, second = make(every=4), make(every=4)
    first.bind(arrays)

    def run(average, arrays, part):
        for i in part:
            for name, array in arrays.items():
                array += noises[i][name]
            average.update(arrays, i / 20)

    run(first, arrays, range(6))
    file = io.BytesIO()
    np.savez(file, **first.state_dict())
    file.seek(0)
    others = copies(arrays)
    second.bind(others)
    with np.load(file, allow_pickle=False) as state:
        second.load_state_dict(state)
    run(first, arrays, range(6, 14))
    run(second, others, range(6, 14))
    close(arrays, others, 0)
    close(first.average, second.average, 0)


@pytest.mark.parametrize("make", [Ema, Lookahead])
def test_what_makes_no_sense_is_refused(make):
    for arguments, message in [
        ({"decay": 1.0}, r"decay of \w+ is 1.0, expected a number in \[0, 1\)"),
        ({"decay": "much"}, r"decay of \w+ is 'much'"),
        ({"every": 0}, r"every of \w+ is 0, expected an int >= 1"),
        ({"every": 1.5}, r"every of \w+ is 1.5"),
    ]:
        with pytest.raises(ValueError, match=message):
            make(**arguments)
    average, arrays = make(lambda progress: 2, 1), {"w": np.ones(3)}
    for call in (lambda: average.update(arrays, 0), average.state_dict):
        with pytest.raises(RuntimeError, match="call bind first"):
            call()
    with pytest.raises(ValueError, match="n is int64, expected float32"):
        average.bind({"n": np.ones(3, int)})
    average.bind(arrays)
    for wrong, message in [
        ({}, "w: in bind or here"),
        (arrays | {"v": np.ones(3)}, "v: in bind or here, but not in both"),
        ({"w": np.ones(4)}, r"w has shape \(4,\), but had \(3,\) in bind"),
        (arrays, r"decay of \w+ is 2 at progress 0.0"),
    ]:
        with pytest.raises(ValueError, match=message):
            average.update(wrong, 0)
    with pytest.raises(ValueError, match="progress is -1"):
        average.update(arrays, -1)


def test_they_print_as_they_are_written():
    assert repr(Ema(0.9, 2)) == "Ema(decay=0.9, every=2)"
    decay = power(0.95**5, 3)
    assert repr(Lookahead()) == f"Lookahead(decay={decay!r}, every=5)"

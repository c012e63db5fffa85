"""What an update rule asks of its arrays and of its config, before anything changes."""

import numbers

import numpy as np


def prepare(rule, w, dw, config, options, state=()):
    """Check everything before anything changes; fill in defaults and zero state."""
    config = {} if config is None else config
    if not isinstance(config, dict):
        raise ValueError(f"config is {config!r}, expected a dictionary or None.")
    _check_arrays(rule, w, dw)
    allowed = [*options, *state]
    for key in config:
        if key not in allowed:
            hint = " (lr_decay is an argument of Solver)" if key == "lr_decay" else ""
            raise ValueError(
                f"config of {rule} has the unknown key {key!r}{hint}; "
                f"allowed are {', '.join(allowed)}."
            )
    filled = {key: _checked(key, config.get(key, options[key])) for key in options}
    for key in state:
        filled[key] = _state(rule, key, config.get(key), w)
    config.update(filled)
    return config


def _check_arrays(rule, w, dw):
    if not isinstance(w, np.ndarray) or w.dtype not in (np.float32, np.float64):
        kind = getattr(w, "dtype", type(w).__name__)
        raise ValueError(f"w is {kind}, expected a float32 or float64 array.")
    if not w.flags.writeable:
        raise ValueError(f"w is read-only, but {rule} changes it in place: copy it.")
    if not isinstance(dw, np.ndarray) or dw.dtype.kind not in "fiu":
        kind = getattr(dw, "dtype", type(dw).__name__)
        raise ValueError(f"dw is {kind}, expected an array of real numbers.")
    if dw.shape != w.shape:
        raise ValueError(
            f"dw has shape {dw.shape}, expected {w.shape}, the shape of w."
        )


def _checked(key, value):
    """Return one option as a plain Python number, which keeps float32 in float32."""
    if key == "renormalize":
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"config[{key!r}] is {value!r}, expected True or False.")
        return bool(value)
    ranges = {
        "learning_rate": ("a finite number >= 0", lambda v: 0 <= v < np.inf),
        "epsilon": ("a finite number > 0", lambda v: 0 < v < np.inf),
        "weight_decay": ("a finite number >= 0", lambda v: 0 <= v < np.inf),
        "t": ("an int >= 0", lambda v: isinstance(v, numbers.Integral) and v >= 0),
    }
    expected, fits = ranges.get(key, ("a number in [0, 1)", lambda v: 0 <= v < 1))
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not fits(value):
        raise ValueError(f"config[{key!r}] is {value!r}, expected {expected}.")
    return int(value) if key == "t" else float(value)


def _state(rule, key, array, w):
    """Return the state array of a rule, zeros at the first step."""
    if array is None:
        return np.zeros(w.shape, w.dtype)
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    if shape != w.shape or dtype != w.dtype:
        raise ValueError(
            f"config[{key!r}] has shape {shape} and dtype {dtype}, expected {w.shape} "
            f"and {w.dtype} as w has: {rule} needs a config of its own per parameter."
        )
    return array

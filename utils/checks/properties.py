"""What must hold for every layer: the properties that all four layers share.

A `utils.checks.layer.Layer` knows how to make arguments, the right answers and the
known mistakes; the functions here put these to a student's forward and backward pass.
The student gets copies, so whatever is done to them cannot disturb what is expected.
"""

import copy
from contextlib import contextmanager
from functools import partial

import numpy as np

from utils.checks import rounding
from utils.checks.compare import (
    Wrong,
    judge,
    judge_all,
    require_array,
    require_dtype,
    require_order,
    require_shape,
)
from utils.checks.contrast import InCase
from utils.checks.gradients import judge_slope
from utils.checks.inputs import as_dtype, as_views, back_to_front
from utils.checks.subject import unchanged


def forward_properties(layer, cases, new_memory_case, by_hand=()):
    """List the properties of a forward pass.

    Parameters
    ----------
    layer : Layer
        What kind of layer it is.
    cases : sequence
        Objects with a ``name``, for `Layer.arguments`.  The first serves where one
        case is enough.
    new_memory_case : object
        A case in which a careless layer could hand out its input as output.
    by_hand : sequence of (str, callable), optional
        Examples to compare with before the cases.

    Returns
    -------
    list of (str, callable)
        For `utils.checks.report.run`.
    """
    first = cases[0]
    # Whoever changes an input gets wrong values later on: the cause comes first.
    return [
        ("shape of the output", partial(out_shape, layer, first)),
        ("leaves its inputs unchanged", partial(forward_keeps_inputs, layer, first)),
        *by_hand,
        *((case.name, InCase(out_is_right, layer, case)) for case in cases),
        (
            "inputs in any memory order",
            partial(out_is_right, layer, first, change=as_views),
        ),
        ("same shape, other values", partial(out_of_others, layer, first)),
        ("keeps float32 and float64", partial(out_keeps_dtype, layer, first)),
        ("output is a new array", partial(out_is_new, layer, new_memory_case)),
    ]


def backward_properties(layer, cases, tiny, by_hand=()):
    """List the properties of a backward pass; ``tiny`` is for finite differences."""
    first, other = cases[:2]
    return [
        ("shapes of the gradients", partial(gradient_shapes, layer, first)),
        ("leaves dout and the cache unchanged", partial(backward_keeps, layer, first)),
        ("same answer when called twice", partial(same_twice, layer, first)),
        (
            "two caches at the same time",
            partial(two_caches, layer, first, layer.arguments(other)),
        ),
        *by_hand,
        *((case.name, InCase(gradients_are_right, layer, case)) for case in cases),
        ("numerical gradient", partial(numeric, layer, tiny)),
        (
            "inputs in any memory order",
            partial(gradients_are_right, layer, first, change=as_views),
        ),
        ("same shape, other values", partial(gradients_of_others, layer, first)),
        ("keeps float32 and float64", partial(gradients_keep_dtype, layer, first)),
    ]


def out_shape(layer, case, forward):
    """Judge only the shape of the output, and show it."""
    arguments = layer.arguments(case)
    expected = layer.forward(**arguments).shape
    out = require_array("out", forward.pair(*copy.deepcopy(arguments).values())[0])
    require_shape("out", out, expected, layer.out_suspects(**arguments)[1])
    return str(expected)


def out_is_right(layer, case, forward, change=None):
    """Compare the output with the right one."""
    arguments = layer.arguments(case)
    out = _forward(forward, arguments, change)[0]
    expected = layer.forward(**arguments)
    limit = layer.limit(layer.forward, arguments)
    try:
        return judge("out", out, expected, limit), limit
    except Wrong:  # only now is it worth the time to ask why
        suspects = layer.out_suspects(**arguments)
        return judge("out", out, expected, limit, *suspects), limit


def out_of_others(layer, case, forward):
    """Call with values of the same shape as before, and expect another output."""
    out_is_right(layer, case, forward)
    arguments = back_to_front(layer.arguments(case))
    out = _forward(forward, arguments)[0]
    expected = layer.forward(**arguments)
    limit = layer.limit(layer.forward, arguments)
    with _after_others():
        return judge("out", out, expected, limit), limit


def out_keeps_dtype(layer, case, forward):
    """Float32 in, float32 out; float64 in, float64 out."""
    arguments = layer.arguments(case)
    expected = layer.forward(**arguments)
    for dtype in (np.float32, np.float64):
        out = _forward(forward, arguments, partial(as_dtype, dtype=dtype))[0]
        require_dtype("out", require_array("out", out), dtype)
        limit = layer.limit(layer.forward, arguments, dtype)
        judge("out", out, expected, limit, *layer.out_suspects(**arguments))


def forward_keeps_inputs(layer, case, forward):
    """Fail if the forward pass changes an argument."""
    given = layer.arguments(case)
    before = copy.deepcopy(given)
    forward.pair(*given.values())
    _require_unchanged(forward.name, before, given, layer.may_change)


def out_is_new(layer, case, forward):
    """Fail if the output lies in the memory of an input."""
    given = layer.arguments(case)
    out = require_array("out", forward.pair(*given.values())[0])
    for name, value in given.items():
        if isinstance(value, np.ndarray) and forward.shares_memory(out, value):
            raise Wrong(
                f"out is a view of {name}: whoever changes one changes the other."
            )


def gradient_shapes(layer, case, forward, backward):
    """Judge only the shapes of the gradients."""
    arguments = layer.arguments(case)
    dout = layer.dout(case, arguments)
    got = _gradients(layer, forward, backward, dout, arguments)
    suspects = layer.gradient_suspects(dout, **arguments)
    right = layer.backward(dout, **arguments)
    require_order(dict(zip(got, zip(got.values(), right, strict=True), strict=True)))
    for name, value in got.items():
        shapes = suspects.get(name, ((), ()))[1]
        shape = arguments[name[1:]].shape
        require_shape(name, require_array(name, value), shape, shapes)
    return ", ".join(got)


def gradients_are_right(layer, case, forward, backward, change=None):
    """Compare all gradients with the right ones."""
    arguments = layer.arguments(case)
    dout = layer.dout(case, arguments)
    got = _gradients(layer, forward, backward, dout, arguments, change)
    limit = layer.gradient_limit(dout, arguments)
    return _judge_gradients(layer, dout, arguments, got, limit), limit


def _judge_gradients(layer, dout, arguments, got, limit):
    right = layer.backward(dout, **arguments)
    entries = dict(zip(got, zip(got.values(), right, strict=True), strict=True))
    try:
        return judge_all(entries, limit)
    except Wrong:  # only now is it worth the time to ask why
        suspects = layer.gradient_suspects(dout, **arguments)
        for name in entries:
            entries[name] += tuple(suspects.get(name, ()))
        return judge_all(entries, limit)


def gradients_of_others(layer, case, forward, backward):
    """Call with values of the same shape as before, and expect other gradients."""
    gradients_are_right(layer, case, forward, backward)
    arguments = layer.arguments(case)
    given = {"dout": layer.dout(case, arguments), **arguments}
    dout, *_ = (given := back_to_front(given)).values()
    arguments = {name: given[name] for name in arguments}
    got = _gradients(layer, forward, backward, dout, arguments)
    right = layer.backward(dout, **arguments)
    limit = layer.gradient_limit(dout, arguments)
    with _after_others():
        entries = zip(got, zip(got.values(), right, strict=True), strict=True)
        return judge_all(dict(entries), limit), limit


@contextmanager
def _after_others():
    """Say of what is wrong that it was right for the values of the call before."""
    try:
        yield
    except Wrong as wrong:
        text = (
            "An earlier call had other values of the same shape, and was right: is "
            "something remembered in a global from call to call?"
        )
        raise Wrong([*wrong.parts, text], wrong.error, wrong.limit) from None


def numeric(layer, case, forward, backward):
    """Compare all gradients with finite differences of the student's own forward."""
    arguments = layer.arguments(case)
    dout = layer.dout(case, arguments)
    got = _gradients(layer, forward, backward, dout, arguments)
    n = rounding.count([dout, *arguments.values()])

    def out_of(name, value):
        given = {**copy.deepcopy(arguments), name: value}
        out = require_array("out", forward.pair(*given.values())[0])
        require_shape("out", out, dout.shape)
        return out

    return max(
        judge_slope(
            name,
            value,
            partial(out_of, name[1:]),
            arguments[name[1:]],
            dout,
            layer.step,
            n,
        )
        for name, value in got.items()
    )


def gradients_keep_dtype(layer, case, forward, backward):
    """Gradients have the dtype of what they belong to."""
    arguments = layer.arguments(case)
    dout = layer.dout(case, arguments)
    for dtype in (np.float32, np.float64):
        change = partial(as_dtype, dtype=dtype)
        got = _gradients(layer, forward, backward, dout, arguments, change)
        for name, value in got.items():
            require_dtype(name, require_array(name, value), dtype)
        limit = layer.gradient_limit(dout, arguments, dtype)
        _judge_gradients(layer, dout, arguments, got, limit)


def same_twice(layer, case, forward, backward):
    """Call twice with the same cache, and expect the same."""
    arguments = layer.arguments(case)
    dout = layer.dout(case, arguments)
    _, cache = _forward(forward, arguments)
    first = _backward(layer, backward, dout, cache)
    second = _backward(layer, backward, dout, cache)
    for name, right in zip(first, layer.backward(dout, **arguments), strict=True):
        if _grows(first[name], second[name], right):
            raise Wrong(
                f"{name}: the second call adds to what the first one has computed: "
                "gradients have to start at zero in every call, and np.empty does not."
            )
    _require_same(
        first,
        second,
        "the second call with the same cache gives something else: the first one has "
        "changed what is in the cache, or kept something in a global",
    )


def two_caches(layer, case, other, forward, backward):
    """Expect that a forward pass does not disturb the cache of an earlier one.

    ``other`` are the arguments of the pass in between.
    """
    arguments = layer.arguments(case)
    dout = layer.dout(case, arguments)
    alone = _gradients(layer, forward, backward, dout, arguments)
    _, cache = _forward(forward, arguments)
    _forward(forward, other)
    text = (
        "another forward pass in between changed the result: keep everything in the "
        "cache, nothing in globals"
    )
    try:
        later = _backward(layer, backward, dout, cache)
    except Wrong as wrong:
        note = f"It did not do so alone: {text}."
        raise Wrong([*wrong.parts, note]) from None
    _require_same(alone, later, text)


def backward_keeps(layer, case, forward, backward):
    """Fail if the backward pass changes dout or what went into the forward pass."""
    given = layer.arguments(case)
    dout = layer.dout(case, given)
    before = copy.deepcopy({"dout": dout, **given})
    _, cache = forward.pair(*given.values())
    _require_unchanged(forward.name, before, {"dout": dout, **given}, layer.may_change)
    backward(dout, cache)
    _require_unchanged(backward.name, before, {"dout": dout, **given}, layer.may_change)


def _forward(forward, arguments, change=None):
    given = copy.deepcopy(arguments)
    return forward.pair(*(change(given) if change else given).values())


def _backward(layer, backward, dout, cache):
    """Call the backward pass and return copies of its gradients by name."""
    if len(layer.gradients) == 1:
        values = (backward(dout, cache),)
    else:
        values = backward.pair(dout, cache, names=layer.gradients)
    return {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in zip(layer.gradients, values, strict=True)
    }


def _gradients(layer, forward, backward, dout, arguments, change=None):
    _, cache = _forward(forward, arguments, change)
    given = {"dout": dout.copy()}
    dout = (change(given) if change else given)["dout"]
    return _backward(layer, backward, dout, cache)


def _require_unchanged(who, before, after, may_change):
    for name, value in before.items():
        now = after[name]
        if isinstance(value, dict):
            _require_same_keys(who, name, value, now, may_change)
        elif not unchanged(value, now):
            raise Wrong(f"{who} changed {name}: it belongs to the caller, so copy it.")


def _require_same_keys(who, name, before, after, may_change):
    """Name the key: where some may change, a copy of the whole would lose them."""
    for key in dict.fromkeys([*before, *after]):
        if key in may_change or (
            key in before and key in after and unchanged(before[key], after[key])
        ):
            continue
        only = (
            f"only {' and '.join(may_change)} may change there"
            if may_change
            else f"{name} belongs to the caller, so copy it"
        )
        raise Wrong(f"{who} changed {name}[{key!r}]: {only}.")


def _grows(first, second, right):
    arrays = (first, second)
    if not all(isinstance(a, np.ndarray) and a.shape == right.shape for a in arrays):
        return False
    return bool(right.any()) and np.allclose(second - first, right, 1e-8)


def _require_same(first, second, text):
    for name, value in first.items():
        value = require_array(name, value)
        if not unchanged(value, require_array(name, second[name])):
            raise Wrong(f"{name}: {text}.")

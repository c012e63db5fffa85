"""What the constructor of the three-layer network has to do."""

import math
from functools import partial

import numpy as np

from utils.checks.compare import Wrong, require_array, require_shape
from utils.checks.network import BATCHNORM, CASES, MANY, SMALL

DEFAULTS = {"num_filters": 32, "filter_size": 7, "hidden_dim": 100, "num_classes": 10}
# Which axis of which parameter shows an argument.
AXES = {
    "num_filters": ("W1", 0),
    "filter_size": ("W1", 2),
    "hidden_dim": ("W3", 0),
    "num_classes": ("W3", 1),
}


def init_properties():
    """List what the constructor has to do."""
    return [
        ("init: names of the parameters", partial(_names, SMALL)),
        ("init: names with batchnorm", partial(_names, BATCHNORM)),
        *((f"init: shapes, {case.name}", partial(_shapes, case)) for case in CASES),
        ("init: shapes, batchnorm", partial(_shapes, BATCHNORM)),
        ("init: padding keeps the size of images", _padding),
        ("init: each batchnorm has its own bn_param", _bn_params_differ),
        ("init: float32 by default, or float64", _init_dtype),
        ("init: weights have weight_scale", _weights_are_normal),
        ("init: layers have weights of their own", _weights_differ),
        ("init: biases 0, gammas 1, betas 0", _constants),
        ("init: same seed, same weights", _seeded),
        ("init: defaults of the arguments", _defaults),
    ]


def params_of(model, read=getattr):
    """Return the parameters of a student's network, or raise `Wrong`.

    Of a network that a subject made, ``read`` is the subject's method `Subject.read`.
    """
    params = read(model, "params", None)
    if not isinstance(params, dict):
        raise Wrong("self.params is missing or not a dict.")
    return params


def _params(subject, case, **more):
    return params_of(subject(**case.arguments(**more)), subject.read)


def require_names(what, got, expected):
    """Raise `Wrong` unless a dict has exactly these keys."""
    if set(got) != set(expected):
        missing = ", ".join(sorted(set(expected) - set(got)))
        extra = ", ".join(sorted(map(str, set(got) - set(expected))))
        parts = ("missing", missing), ("not expected:", extra)
        texts = (f"{word} {names}" for word, names in parts if names)
        raise Wrong(f"{what}: {'; '.join(texts)}.")


def bn_params_of(subject, model):
    """Return the two bn_params of a student's network with batchnorm."""
    bn_params = subject.read(model, "bn_params")
    if (
        not isinstance(bn_params, list | tuple)
        or len(bn_params) != 2
        or not all(isinstance(bn_param, dict) for bn_param in bn_params)
    ):
        raise Wrong("self.bn_params has to be a list of two dicts with batchnorm.")
    return list(bn_params)


def get_array(what, arrays, name):
    """Return an array from a dict of the student, or raise `Wrong`."""
    if name not in arrays:
        raise Wrong(f"{what} has no {name}.")
    return require_array(name, arrays[name])


def _names(case, subject):
    params = _params(subject, case)
    require_names("self.params", params, case.shapes())


def _shapes(case, subject):
    params = _params(subject, case)
    C, H, W = case.input_dim
    F, hidden, k = case.num_filters, case.hidden_dim, case.filter_size
    pooled = "the 2 x 2 pooling halves height and width"
    odd = "where it is odd, height or width is halved by itself and rounded down"
    up = (H + 1) // 2, (W + 1) // 2
    suspects = {
        "W1": [("filters are (F, C, height, width)", (F, k, k, C))],
        "W2": [
            (pooled, (F * H * W, hidden)),
            (pooled, (F * H * W // 2, hidden)),
            (odd, (F * H * W // 4, hidden)),
            (odd, (F * (H * W // 4), hidden)),
            (odd, (F * up[0] * up[1], hidden)),
            ("height and width may differ", (F * (H // 2) ** 2, hidden)),
            ("height and width may differ", (F * (W // 2) ** 2, hidden)),
            (
                "what is flattened are maps of filters, not the channels of the image",
                (C * (H // 2) * (W // 2), hidden),
            ),
            ("it has one row per input", (hidden, F * (H // 2) * (W // 2))),
            ("256 pixels are left of 32 x 32 only: use input_dim", (256 * F, hidden)),
        ],
        "b1": [("there is one bias for each filter", size) for size in ((k,), (C,))],
        "W3": [("it has one row per input", (case.num_classes, hidden))],
    }
    for name, shape in case.shapes().items():
        array = get_array("self.params", params, name)
        fixed = _with_defaults(array.shape, shape)
        require_shape(name, array, shape, [*suspects.get(name, ()), *fixed])


def _with_defaults(got, shape):
    """Explain a shape in which a size is the default of an argument, not its value."""
    if len(got) != len(shape):
        return
    for argument, default in DEFAULTS.items():
        wrong = [n for n, right in zip(got, shape, strict=True) if n != right]
        if wrong and set(wrong) == {default}:
            yield f"{default} is only the default of {argument}: use the argument", got


def _defaults(subject):
    """Leave out what may be left out; the images are small, to save time."""
    params = params_of(subject(input_dim=(1, 4, 4)), subject.read)
    require_names("self.params by default", params, SMALL.shapes())
    for argument, (name, axis) in AXES.items():
        weights, default = get_array("self.params", params, name), DEFAULTS[argument]
        if weights.ndim <= axis or weights.shape[axis] != default:
            raise Wrong(
                f"where no {argument} is given, {name} has shape {weights.shape}, "
                f"expected {default} along axis {axis}: the default of {argument} is "
                f"{default}."
            )
    W1 = get_array("self.params", params, "W1")
    if not abs(W1.std() / 1e-3 - 1) <= 5 / math.sqrt(2 * W1.size):
        raise Wrong(
            "where no weight_scale is given, the standard deviation of W1 is "
            f"{W1.std():.3g}, expected the default of weight_scale, 0.001."
        )
    few = dict.fromkeys(DEFAULTS, 1)
    params = params_of(subject(**few), subject.read)
    for name, shape in (("W1", (1, 3, 1, 1)), ("W2", (256, 1))):
        array = get_array("self.params", params, name)
        text = [("the default of input_dim is (3, 32, 32)", array.shape)]
        require_shape(name, array, shape, text)


def _padding(subject):
    for case in CASES:
        model = subject(**case.arguments())
        conv_param = subject.read(model, "conv_param")
        if not isinstance(conv_param, dict) or "pad" not in conv_param:
            return "not kept in self.conv_param"
        k, pad = case.filter_size, conv_param["pad"]
        if 2 * pad != k - 1:
            raise Wrong(
                f"self.conv_param has pad {pad} for {k} x {k} filters, which does not "
                "keep height and width of the image: pad depends on filter_size."
            )
    return None


def _bn_params_differ(subject):
    model = subject(**BATCHNORM.arguments())
    bn_params = bn_params_of(subject, model)
    marked = [bn_param | {"momentum": k / 2} for k, bn_param in enumerate(bn_params)]
    subject.write(model, "bn_params", marked)
    momenta = [p.get("momentum") for p in bn_params_of(subject, model)]
    if momenta != [0.0, 0.5]:
        raise Wrong(
            "the two entries of self.bn_params are the same dict, so the layers would "
            "share their running statistics: [{...}] * 2 repeats a dict, it makes no "
            "second one."
        )


def _init_dtype(subject):
    arguments = BATCHNORM.arguments()
    del arguments["dtype"]
    for more, dtype in (({}, np.float32), ({"dtype": np.float64}, np.float64)):
        params = params_of(subject(**arguments, **more), subject.read)
        for name, value in params.items():
            array = require_array(name, value)
            if array.dtype != dtype:
                raise Wrong(
                    f"{name} is {array.dtype}, expected {np.dtype(dtype)}: convert "
                    "every parameter to the dtype that was asked for."
                )


def _weights_are_normal(subject):
    scale = 0.02
    params = _params(subject, MANY, weight_scale=scale)
    for name in ("W1", "W2", "W3"):
        weights = get_array("self.params", params, name)
        deviation, mean = weights.std(), weights.mean()
        cause = _cause_of_deviation(weights, scale, name)
        # Five standard errors, so that one right answer in a million is refused.
        if not abs(deviation / scale - 1) <= 5 / math.sqrt(2 * weights.size):
            raise Wrong(
                f"the standard deviation of {name} is {deviation:.3g}, expected "
                f"weight_scale = {scale}" + (f": {cause}." if cause else ".")
            )
        if not abs(mean) <= 5 * scale / math.sqrt(weights.size):
            raise Wrong(f"the mean of {name} is {mean:.3g}, expected about 0.")
        if not 0.02 <= np.mean(np.abs(weights) > 2 * scale) <= 0.08:
            raise Wrong(
                f"{name} does not look like a normal distribution, of which 4.6 % "
                "lie more than two standard deviations from the mean"
                + (f": {cause}." if cause else ".")
            )


def _cause_of_deviation(weights, scale, name):
    """Guess where weights come from that are not normal with deviation ``scale``."""
    deviation = weights.std()
    if deviation == 0:
        number = "zero" if not weights.any() else "the same number"
        return f"all of it is {number}, so that all units would learn the same"
    if np.abs(weights - weights.mean()).max() < 1.8 * deviation:
        return "it looks uniform, expected a normal distribution"
    inputs = math.prod(weights.shape[1:]) if name == "W1" else len(weights)
    outputs = weights.size // inputs if name != "W1" else len(weights)
    by_inputs = "weight_scale decides, not the number of inputs"
    for cause, wrong in (
        ("the numbers are not multiplied by it", 1),
        ("multiply by it, not by its root", math.sqrt(scale)),
        ("multiply by it, not by its square", scale**2),
        (by_inputs, math.sqrt(2 / inputs)),
        (by_inputs, math.sqrt(1 / inputs)),
        (by_inputs, math.sqrt(2 / (inputs + outputs))),
    ):
        if math.isclose(deviation, wrong, rel_tol=5 / math.sqrt(2 * weights.size)):
            return cause
    return ""


def _weights_differ(subject):
    params = _params(subject, MANY)
    first = [get_array("self.params", params, f"W{k}").ravel()[:50] for k in (1, 2, 3)]
    if any(np.array_equal(first[a], first[b]) for a, b in ((0, 1), (0, 2), (1, 2))):
        raise Wrong("two layers begin with the same weights: use one generator.")


def _constants(subject):
    params = _params(subject, BATCHNORM)
    for name in sorted(BATCHNORM.shapes()):
        value = 1.0 if name.startswith("gamma") else 0.0
        if not name.startswith("W") and np.any(
            get_array("params", params, name) != value
        ):
            raise Wrong(f"{name} does not start as all {value:.0f}.")


def _seeded(subject):
    one, same, other = (
        _params(subject, SMALL, seed=seed, weight_scale=1.0) for seed in (1, 1, 2)
    )
    for name in ("W1", "W2", "W3"):
        weights = get_array("self.params", one, name)
        if not np.array_equal(weights, get_array("self.params", same, name)):
            raise Wrong(
                f"{name} differs from call to call although seed is 1: draw all "
                "weights from the generator that is given."
            )
        if np.array_equal(weights, get_array("self.params", other, name)):
            raise Wrong(f"{name} is the same for seed 1 and seed 2.")
    one, two = (_params(subject, SMALL, seed=None, weight_scale=1.0) for _ in range(2))
    if np.array_equal(*(get_array("self.params", each, "W1") for each in (one, two))):
        raise Wrong(
            "without a seed (None) two networks start with the same W1, expected new "
            "weights every time."
        )

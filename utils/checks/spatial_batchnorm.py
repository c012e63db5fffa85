"""Checks of CNN-BatchNorm.ipynb: spatial batch normalisation, forward and backward.

Group normalisation is an optional extension of the same notebook.  What the two
normalisations are, and how they commonly go wrong, is in `utils.checks.normalisation`.
"""

import copy
from functools import partial

import numpy as np

from utils.checks.compare import (
    ROUNDING,
    Wrong,
    judge,
    judge_all,
    require_array,
    require_dtype,
    require_shape,
)
from utils.checks.hints import rows_of_channels
from utils.checks.inputs import as_dtype
from utils.checks.normalisation import (
    PIXELS,
    RUNNING_MEAN,
    RUNNING_VAR,
    BatchNorm,
    BatchNormInTestMode,
    GroupNorm,
    NormCase,
)
from utils.checks.properties import (
    backward_keeps,
    backward_properties,
    forward_keeps_inputs,
    forward_properties,
    gradients_are_right,
    gradients_keep_dtype,
    out_is_right,
    out_keeps_dtype,
    same_twice,
    two_caches,
)
from utils.checks.record import recorded
from utils.checks.report import run
from utils.checks.subject import Subject, unchanged

BATCH_CASES = (
    NormCase("channels of different mean and scale", (3, 4, 3, 5), 1e-5),
    NormCase("image higher than wide", (2, 3, 6, 2), 1e-5),
    NormCase("few samples: the variance is biased", (2, 3, 1, 2), 1e-5),
    NormCase("large eps, inside the root", (3, 2, 3, 4), 2.0),
    NormCase("eps defaults to 1e-5", (3, 2, 2, 3), None, scale=1e-3),
    NormCase("one channel", (2, 1, 3, 4), 1e-5),
    NormCase("one image", (1, 3, 3, 4), 1e-5),
    NormCase("eps 0 is a number, too", (3, 3, 2, 2), 0.0),
)
BATCH_TINY = NormCase("", (2, 3, 2, 3), 0.1)
# No case has as many images as groups: whoever takes one for the other is seen.
GROUP_CASES = (
    NormCase("6 channels in 2 groups", (3, 6, 3, 4), 1e-5, G=2),
    NormCase("6 channels in 3 groups", (2, 6, 2, 5), 1e-5, G=3),
    NormCase("one group", (2, 4, 3, 2), 1e-5, G=1),
    NormCase("every channel its own group", (2, 4, 3, 5), 1e-5, G=4),
    NormCase("large eps, inside the root", (3, 4, 3, 4), 2.0, G=2),
    NormCase("eps defaults to 1e-5", (3, 4, 2, 3), None, scale=1e-3, G=2),
    NormCase("one image", (1, 4, 3, 4), 1e-5, G=2),
)
GROUP_TINY = NormCase("", (3, 4, 2, 3), 0.1, G=2)

TEST_MODE = BatchNormInTestMode()
BATCHES = tuple(NormCase("", (N, 3, 2, 5), 1e-3) for N in (4, 2, 3))
ALL_CHANNELS = "it is taken over all channels together"
TEST_CASES = (
    NormCase("", (4, 3, 2, 5), 1e-3),
    NormCase("", (1, 3, 2, 4), 1e-3),
    NormCase("", (1, 3, 1, 1), 1e-3),
    NormCase("", (2, 3, 2, 3), None, scale=1e-3),
    NormCase("", (2, 3, 2, 3), 0.0),
)
FRESH = NormCase("", (2, 3, 2, 3), 0.1, fresh=True)


@recorded("spatial-batchnorm-forward")
def check_spatial_batchnorm_forward(fn):
    """Check spatial batch normalisation's forward pass and print the report.

    Parameters
    ----------
    fn : callable
        ``fn(x, gamma, beta, bn_param) -> (out, cache)``, in both modes.

    Returns
    -------
    Results
        One `Result` per property; never raises because of what ``fn`` does.
    """
    forward = Subject(fn)
    properties = [
        *forward_properties(BatchNorm(), BATCH_CASES, BATCH_CASES[0]),
        ("a constant channel gives beta", constant_channel_gives_beta),
        ("running statistics start from zero", partial(running, momentum=None)),
        ("running statistics go on", partial(running, momentum=0.8, given=True)),
        ("running statistics, three batches", partial(running, momentum=0.6, count=3)),
        ("momentum 0 forgets the past", partial(running, momentum=0.0, given=True)),
        (
            "test mode uses running statistics",
            partial(out_is_right, TEST_MODE, TEST_CASES[0]),
        ),
        (
            "test mode with a single image",
            partial(out_is_right, TEST_MODE, TEST_CASES[1]),
        ),
        (
            "test mode with a single pixel",
            partial(out_is_right, TEST_MODE, TEST_CASES[2]),
        ),
        (
            "test mode, eps defaults to 1e-5",
            partial(out_is_right, TEST_MODE, TEST_CASES[3]),
        ),
        ("test mode, eps 0", partial(out_is_right, TEST_MODE, TEST_CASES[4])),
        ("test mode before any training", test_mode_without_averages),
        ("test mode changes no running statistics", test_mode_changes_nothing),
        (
            "test mode leaves its inputs unchanged",
            partial(forward_keeps_inputs, TEST_MODE, TEST_CASES[0]),
        ),
        ("test mode keeps float32 and float64", test_mode_keeps_dtype),
    ]
    return run(forward.name, properties, forward, hint=rows_of_channels)


@recorded("spatial-batchnorm-backward")
def check_spatial_batchnorm_backward(forward, backward):
    """Check spatial batch normalisation's backward pass and print the report.

    Parameters
    ----------
    forward : callable
        The forward pass that makes the caches, in both modes.
    backward : callable
        ``backward(dout, cache) -> (dx, dgamma, dbeta)``.

    Returns
    -------
    Results
        One `Result` per property.
    """
    forward, backward = Subject(forward), Subject(backward)
    properties = [
        *backward_properties(BatchNorm(), BATCH_CASES, BATCH_TINY),
        ("dx sums to zero in every channel", dx_sums_to_zero),
        ("test mode gradients", partial(test_mode_gradients, TEST_CASES[0])),
        (
            "test mode gradients, single image",
            partial(test_mode_gradients, TEST_CASES[1]),
        ),
        (
            "test mode leaves dout and the cache unchanged",
            partial(backward_keeps, TEST_MODE, TEST_CASES[0]),
        ),
        (
            "test mode, same answer when called twice",
            partial(same_twice, TEST_MODE, TEST_CASES[0]),
        ),
        ("two caches, one of test mode", two_modes),
        (
            "test mode keeps float32 and float64",
            partial(gradients_keep_dtype, TEST_MODE, TEST_CASES[0]),
        ),
    ]
    return run(backward.name, properties, forward, backward, hint=rows_of_channels)


@recorded("spatial-groupnorm")
def check_spatial_groupnorm(forward, backward):
    """Check the optional group normalisation, both passes.

    Parameters
    ----------
    forward : callable
        ``forward(x, gamma, beta, G, gn_param) -> (out, cache)``; gamma and beta have
        shape (C,), ``gn_param`` holds ``eps``.
    backward : callable
        ``backward(dout, cache) -> (dx, dgamma, dbeta)``.

    Returns
    -------
    Results
        One `Result` per property, named ``forward: ...`` or ``backward: ...``.
    """
    layer = GroupNorm()
    forward, backward = Subject(forward), Subject(backward)
    properties = [
        (f"forward: {name}", lambda forward, _, test=test: test(forward))
        for name, test in forward_properties(layer, GROUP_CASES, GROUP_CASES[0])
    ]
    properties += [
        (f"backward: {name}", test)
        for name, test in backward_properties(layer, GROUP_CASES, GROUP_TINY)
    ]
    return run("spatial_groupnorm", properties, forward, backward)


def constant_channel_gives_beta(forward):
    """Where all values are equal, the variance is 0 and eps saves the division."""
    layer = BatchNorm()
    arguments = layer.arguments(BATCH_CASES[0])
    arguments["x"][:, 1] = 4.0
    expected, suspects = layer.forward(**arguments), layer.out_suspects(**arguments)
    out, _ = forward.pair(*copy.deepcopy(arguments).values())
    return judge("out", out, expected, ROUNDING, *suspects), ROUNDING


def running(forward, momentum, count=1, given=False):
    """Follow the running averages over some batches in training mode."""
    eps = 1e-3
    bn_param = {"mode": "train", "eps": eps}
    if momentum is not None:
        bn_param["momentum"] = momentum
    if given:
        bn_param["running_mean"] = RUNNING_MEAN.copy()
        bn_param["running_var"] = RUNNING_VAR.copy()
    momentum = 0.9 if momentum is None else momentum
    mean = RUNNING_MEAN if given else np.zeros(3)
    var = RUNNING_VAR if given else np.zeros(3)
    layer = BatchNorm()
    for batch in BATCHES[:count]:
        arguments = layer.arguments(batch)
        x = arguments["x"].copy()
        arguments["bn_param"] = bn_param
        forward.pair(*arguments.values())
        entries = {
            "running_mean": (mean, x.mean(axis=PIXELS), _wrong_means(x)),
            "running_var": (var, x.var(axis=PIXELS), _wrong_variances(x, eps)),
        }
        mean, var = (
            momentum * old + (1 - momentum) * new for old, new, _ in entries.values()
        )
    return _judge_running(bn_param, (mean, var), momentum, entries), ROUNDING


def _judge_running(bn_param, right, momentum, entries):
    """Judge both running averages; old, new and wrong new values make the hints."""
    comparisons = {}
    for (name, (old, new, wrong)), expected in zip(entries.items(), right, strict=True):
        if name not in bn_param:
            raise Wrong(
                f"bn_param[{name!r}] is missing after a forward pass in training mode: "
                "store the running average there."
            )
        suspects = [
            (
                "momentum belongs to the old average: momentum * running + "
                "(1 - momentum) * batch",
                partial(np.add, (1 - momentum) * old, momentum * new),
            ),
            ("it is not updated", partial(np.copy, old)),
            (
                "these are the statistics of the last batch alone; the average starts "
                "at zero, and a batch adds (1 - momentum) of its own to it",
                partial(np.copy, new),
            ),
            ("the old average is lost", partial(np.multiply, 1 - momentum, new)),
            (
                "momentum is 0.9, whatever bn_param says",
                partial(_average, 0.9, old, new),
            ),
            (
                "the old average is not made smaller",
                partial(np.add, old, (1 - momentum) * new),
            ),
        ]
        for text, value in wrong:
            suspects.append((text, partial(_average, momentum, old, value)))
        comparisons[name] = (bn_param[name], expected, suspects, AVERAGE_SHAPES)
    return judge_all(comparisons, ROUNDING)


def _average(momentum, old, new):
    return momentum * old + (1 - momentum) * new


# Wrong shapes of running averages of BATCHES, which have 3 channels.
AVERAGE_SHAPES = [
    ("one number serves all channels, expected one for each", ()),
    ("one number serves all channels, expected one for each channel", (1,)),
    ("it keeps the axes of N, H and W, expected one number per channel", (1, 3, 1, 1)),
    ("it is one number per image and channel", (4, 3)),
    ("it is one number per pixel", (3, 2, 5)),
]


def _wrong_means(x):
    return [
        ("this is the mean of the normalised values", np.zeros(x.shape[1])),
        ("this is the sum over the batch, expected the mean", x.sum(axis=PIXELS)),
        (ALL_CHANNELS, np.full(x.shape[1], x.mean())),
    ]


def _wrong_variances(x, eps):
    M = x.size // x.shape[1]
    var = x.var(axis=PIXELS)
    return [
        ("the variance is divided by M - 1, expected M", var * M / (M - 1)),
        ("this is the standard deviation, expected the variance", np.sqrt(var)),
        ("this is the variance of the normalised values", var / (var + eps)),
        ("eps is added to the variance; the average does without", var + eps),
        ("this is sqrt(var + eps), expected the variance", np.sqrt(var + eps)),
        (ALL_CHANNELS, np.full(x.shape[1], x.var())),
    ]


def test_mode_without_averages(forward):
    """Compare the output where bn_param holds no running averages."""
    try:
        return out_is_right(TEST_MODE, FRESH, forward)
    except Wrong as wrong:
        text = "Before any training step, running_mean and running_var are zeros."
        raise Wrong([*wrong.parts, text], wrong.error, wrong.limit) from None


def test_mode_changes_nothing(forward):
    """Running averages stay as they are in test mode."""
    arguments = TEST_MODE.arguments(TEST_CASES[0])
    forward.pair(*arguments.values())
    for name, before in (("running_mean", RUNNING_MEAN), ("running_var", RUNNING_VAR)):
        if not unchanged(before, arguments["bn_param"].get(name)):
            raise Wrong(f"test mode changed bn_param[{name!r}]: only training may.")


def test_mode_keeps_dtype(forward):
    """Float32 stays float32, with given averages and with those of a training batch."""
    out_keeps_dtype(TEST_MODE, TEST_CASES[0], forward)
    for dtype in (np.float32, np.float64):
        given = as_dtype(BatchNorm().arguments(BATCHES[0]), dtype)
        forward.pair(*given.values())
        given["bn_param"]["mode"] = "test"
        out, _ = forward.pair(*given.values())
        require_dtype("after a training batch, out", require_array("out", out), dtype)


def test_mode_gradients(case, forward, backward):
    """Compare all gradients in test mode, where the statistics are constants."""
    arguments = TEST_MODE.arguments(case)
    dout = TEST_MODE.dout(case, arguments)
    _, cache = forward.pair(*arguments.values())
    try:
        backward.pair(dout, cache, names=TEST_MODE.gradients)
    except Wrong as wrong:
        raise Wrong(
            "the backward pass has to work in test mode too, so the cache has to hold "
            f"what it needs in both modes: {wrong}"
        ) from None
    return gradients_are_right(TEST_MODE, case, forward, backward)


def two_modes(forward, backward):
    """Expect that a forward pass in one mode disturbs no cache of the other."""
    layers = (BatchNorm(), BATCH_CASES[0]), (TEST_MODE, TEST_CASES[0])
    for (layer, case), (other, between) in (layers, layers[::-1]):
        two_caches(layer, case, other.arguments(between), forward, backward)


def dx_sums_to_zero(forward, backward):
    """Sum dx over a channel.

    A constant added to a channel leaves the output as it is, so the sum is zero.
    """
    layer = BatchNorm()
    arguments = layer.arguments(BATCH_CASES[0])
    dout = layer.dout(BATCH_CASES[0], arguments)
    _, cache = forward.pair(*copy.deepcopy(arguments).values())
    names = layer.gradients
    dx = require_array("dx", backward.pair(dout.copy(), cache, names=names)[0])
    require_shape("dx", dx, dout.shape)
    sums, size = dx.sum(axis=PIXELS), np.abs(dx).sum(axis=PIXELS).max()
    error = float(np.abs(sums).max() / size) if size else 0.0
    if not error <= ROUNDING:
        raise Wrong(
            "dx of a channel does not sum to zero, although adding a constant to the "
            "channel changes nothing.",
            error,
            ROUNDING,
        )
    return error, ROUNDING

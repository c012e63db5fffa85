"""Checks of the exercises and of answers in cells; each prints a report.

A check takes the functions it judges as arguments, so nothing here imports an
exercise; only the command line (`utils.checks.runner`) looks them up.  It returns a
list of `Result` with ``name``, ``passed``, ``error``, ``limit`` and ``message``, and
never raises because of what the functions do.

====================================================  ================================
to change                                             open
====================================================  ================================
which exercises there are                             `runner`
what is tried of an exercise, on which inputs         `conv_layers`, `max_pool`,
                                                      `spatial_batchnorm`, `cnn_init`,
                                                      `cnn_loss`, `receptive_field`
what is tried of every layer                          `properties`, `layer`
answers in cells: formulas, nets, numbers, accuracy   `formulas`, `wider`, `quiz`,
                                                      `cnn`, with `trained`
right answers and inputs                              `oracle`, `normalisation`,
                                                      `network`, `inputs`
how two arrays are compared                           `compare`
how exact a result has to be                          `rounding`, `gradients`
what a known mistake gives, in a convolution          `conv_readings` (one part read
                                                      wrongly), `conv_mistakes` (shapes,
                                                      and what depends on which part)
                       in pooling, normalisation,     `pool_mistakes`, `norm_mistakes`,
                       the network, receptive fields  `network_mistakes`,
                                                      `misconceptions`
what all of these share                               `mistakes`
what any wrong array may show                         `patterns`
what an exception means                               `hints`
which cause is told, and which cases are contrasted   `contrast`
how a report looks, and what the PDF's cover gets     `report`, `record`
how a student's function is called                    `subject`, in this process;
                                                      `remote`, in a fresh one, which is
                                                      started by `process`, runs `child`
                                                      and is talked to by `wire`
====================================================  ================================

Read `compare` first, then `properties`, then the module of an exercise.
"""

from utils.checks.cnn import (
    check_accuracy,
    check_cnn_init,
    check_cnn_loss,
    check_three_layer_convnet,
)
from utils.checks.compare import Result
from utils.checks.conv_layers import (
    check_conv_backward,
    check_conv_forward,
)
from utils.checks.formulas import check_one_layer, check_strides, check_two_layers
from utils.checks.max_pool import check_max_pool_backward, check_max_pool_forward
from utils.checks.quiz import ask, check_quiz
from utils.checks.receptive_field import check_receptive_field
from utils.checks.report import Results
from utils.checks.spatial_batchnorm import (
    check_spatial_batchnorm_backward,
    check_spatial_batchnorm_forward,
    check_spatial_groupnorm,
)
from utils.checks.trained import load_trained, save_trained
from utils.checks.wider import check_wider

__all__ = [
    "Result",
    "Results",
    "ask",
    "check_accuracy",
    "check_cnn_init",
    "check_cnn_loss",
    "check_conv_backward",
    "check_conv_forward",
    "check_max_pool_backward",
    "check_max_pool_forward",
    "check_one_layer",
    "check_quiz",
    "check_receptive_field",
    "check_spatial_batchnorm_backward",
    "check_spatial_batchnorm_forward",
    "check_spatial_groupnorm",
    "check_strides",
    "check_three_layer_convnet",
    "check_two_layers",
    "check_wider",
    "load_trained",
    "save_trained",
]

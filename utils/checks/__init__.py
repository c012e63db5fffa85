"""Checks of the exercises: one module per notebook, each check prints a report.

A check takes the functions it judges as arguments, so nothing here imports an
exercise; only the command line (`utils.checks.runner`) looks them up.  It returns a
list of `Result` with ``name``, ``passed``, ``error``, ``limit`` and ``message``, and
never raises because of what the functions do.  A function that comes from a student's
file runs in a fresh process (`remote` starts a `process`, in which `child` runs, and
talks to it by `wire`); any other is called in this one (`subject`).

Read `compare` (how two arrays are judged), then `layer` and `properties` (what holds
for every layer), then the module of a notebook.  How exact a result has to be is
computed in `rounding`, and asked of the forward pass in `gradients`; what may have
caused a wrong one stands in the modules named after mistakes and in `patterns`, and
`contrast` picks the cause that explains most of the cases; `hints` says what an
exception means.  `formulas`, `wider` and `quiz` judge what stands in cells of
Receptive-Fields.ipynb: texts, nets and numbers.
"""

from utils.checks.cnn import (
    check_accuracy,
    check_cnn_init,
    check_cnn_loss,
    check_three_layer_convnet,
    load_trained,
    save_trained,
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

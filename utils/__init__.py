"""Layers, training, checks and tools of the CNN workbook: the map, in reading order.

What the notebooks teach:

`shapes.py`                 how large an output is, and every error about shapes
`layers.py`                 affine, ReLU, dropout, softmax loss
`batchnorm.py`              batch normalisation of (N, D)
`exercises/`                what students write: one file per notebook
`gradient_check.py`         numerical gradients, relative error
`checks/`                   what judges the exercises: one module per notebook

What trains a network:

`kernels/`                  the engine room: every jitted function
`fast_layers.py`            the given twins of the exercises
`fast_blocks.py`            conv_relu_pool and affine, without detours through memory
`blocks.py`                 sandwich layers: conv_relu_pool, affine_relu, ...
`network/`                  a network from a list of layers, fused inside
`optim/`                    update rules: SGD to Muon; schedules, groups, averages
`cifar10/`                  the data: find, fetch, verify, load; a stand-in
`augment/`                  batches of random views; views to average; whitening
`solver/`                   the training loop; checkpoints; learning rate finder
`recipes/`                  CIFAR-10 from 65 % in seconds to 94 %
`sweep/`                    a search for its hyper-parameters, on one machine or many

What the notebooks look at:

`receptive_field/`          what a neuron sees, found by counting pixels
`receptive_field_probe.py`  the same, asked of our own layers
`receptive_field_nets.py`   the windows of the networks of CNN.ipynb
`explorer.py`               sliders for its cones, where ipywidgets is installed
`effective_field.py`        how much of its field a neuron uses
`studies.py`                the small nets that experiments are made with
`experiments/`              what each idea of the recipes is worth; inside a network
`ladder.py`                 one convolution, from Python's loops to the engine
`plots/`                    every figure; its style is `workbook.mplstyle`
`workbook.py`               how a notebook starts, reloads code and shows sources
`run_log.py`                which cell was run with which code, for the PDF

What surrounds them:

`pdf/`                      from the notebooks to one PDF
`doctor/`                   what is wrong with a machine, and what mends it
`environment.py`            the life of `.venv`; `setup.sh` calls it
`installer.py`              the packages inside: uv or pip
`staff/`                    handouts and grading; students do not get it
`whole_files.py`            files that are whole or not there
`memory.py`                 how much memory there is, before it is taken
`console.py`                commands that print any letter on any console
"""

"""Keep a trained network in one file, so that a check can run it without training.

The file is a ``.npz`` archive without pickles: parameters by name, batchnorm's
running statistics as ``bn0_running_mean`` and so on, and ``config``, a JSON text with
the constructor's arguments and the ``normalize`` of the data it was trained on.  Of a
`ConvNet` it holds all arrays of ``state_dict`` and, in ``config``, the layers.
"""

import json
import zipfile
from pathlib import Path

import numpy as np

from utils.checks import child
from utils.checks.cnn_init import params_of
from utils.checks.subject import short_path
from utils.network import ConvNet, written
from utils.whole_files import require_numbers, whole_file

STATISTICS = ("running_mean", "running_var")


def save_trained(model, config, path):
    """Write a model's parameters and running statistics to a file.

    Parameters
    ----------
    model : object
        Has ``params``, a dict of arrays, and ``bn_params``, a list of dicts; or a
        `utils.network.ConvNet`.
    config : dict
        The constructor's arguments by name (not for a `ConvNet`, which knows its
        layers), and ``normalize``, how the images were normalised.
    path : str or Path
        Where to; folders are made.  A file that is there is replaced only once the
        new one is complete.

    Raises
    ------
    ValueError
        If ``config`` cannot be written as JSON, or makes another network than this.
    Wrong
        If the model has no ``params``.
    """
    path = Path(path)
    if _is_net(model):
        layers = {"layers": written.to_plain(model.layers)}
        config = config | layers | {"input_shape": model.input_shape}
    if "dtype" in config:
        config = config | {"dtype": np.dtype(config["dtype"]).name}
    try:
        arrays = {"config": np.array(json.dumps(config)), **_arrays_of(model)}
    except TypeError as error:
        raise ValueError(
            f"config is {config!r}; it must hold numbers, texts and tuples only "
            f"({error})."
        ) from None
    if not _is_net(model):
        _require_description(config, model)
    for k, bn_param in enumerate(getattr(model, "bn_params", [])):
        for name in STATISTICS:
            if name in bn_param:
                arrays[f"bn{k}_{name}"] = bn_param[name]
    require_numbers({name: np.asarray(array) for name, array in arrays.items()})
    with whole_file(path) as file:
        np.savez(file, **arrays)


def _is_net(model):
    # By its name: a notebook may have loaded our files anew since the net was made.
    return type(model).__name__ == ConvNet.__name__ and hasattr(model, "state_dict")


def _arrays_of(model):
    return model.state_dict() if _is_net(model) else params_of(model)


def _require_description(config, model):
    """Refuse to save what `load_trained` could not build again."""
    name = type(model).__name__
    try:
        again = type(model)(**_constructor_arguments(config))
    except TypeError as error:
        problem = f"{name}(**config) fails ({error})"
    else:
        ours, theirs = _shapes(params_of(model)), _shapes(params_of(again))
        if ours == theirs:
            return
        key = _differing(ours, theirs)[0]
        problem = (
            f"{key} has shape {ours.get(key, 'none')} in the model and "
            f"{theirs.get(key, 'none')} in {name}(**config)"
        )
    raise ValueError(
        f"config does not describe this model: {problem}. Put the arguments that the "
        "model was made with into config (in a new cell, if you do not want to train "
        "again), and run this cell again."
    )


def load_trained(cls, path):
    """Read what `save_trained` wrote, and build the model again.

    Parameters
    ----------
    cls : callable
        The model's class, or a subject of it; called with the saved arguments.  Not
        needed if the file holds a `ConvNet`.
    path : str or Path
        The file.

    Returns
    -------
    model : object
        An instance of ``cls``, or a `ConvNet`, with the saved parameters and running
        statistics.
    config : dict
        What was saved with it, ``normalize`` included.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or does not fit the class.
    Wrong
        If what ``cls`` makes has no ``params``.
    """
    where = short_path(path)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        config = json.loads(str(arrays.pop("config")))
        if "layers" in config:
            return _net_from(config, arrays), config
        arguments = _constructor_arguments(config)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{where} does not exist: run CNN.ipynb first, it saves the trained "
            "network."
        ) from None
    except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{where} is not a trained network ({error}): delete it and run CNN.ipynb "
            "again."
        ) from None
    model = cls(**arguments)
    read, write = getattr(cls, "read", getattr), getattr(cls, "write", child.write)
    bn_params = read(model, "bn_params", [])
    for k, bn_param in enumerate(bn_params):
        for name in STATISTICS:
            if f"bn{k}_{name}" in arrays:
                bn_param[name] = arrays.pop(f"bn{k}_{name}")
    _require_fit(where, params_of(model, read), arrays)
    if bn_params:
        write(model, "bn_params", bn_params)
    write(model, "params", arrays)
    return model, config


def _net_from(config, arrays):
    """Build a `ConvNet` again."""
    layers = written.from_plain(config["layers"])
    net = ConvNet(layers, tuple(config["input_shape"]))
    net.load_state_dict(arrays)
    return net


def _constructor_arguments(config):
    """Return a saved config without ``normalize``, in the types it had before JSON."""
    arguments = {key: config[key] for key in config if key != "normalize"}
    if "dtype" in arguments:
        arguments["dtype"] = np.dtype(arguments["dtype"]).type
    if "input_dim" in arguments:
        arguments["input_dim"] = tuple(arguments["input_dim"])
    return arguments


def _require_fit(where, params, arrays):
    expected, saved = _shapes(params), _shapes(arrays)
    if expected != saved:
        names = ", ".join(_differing(expected, saved))
        raise ValueError(
            f"{where} does not fit the network: {names} differ. If you changed the "
            "network after training, run CNN.ipynb again."
        )


def _shapes(arrays):
    return {name: np.shape(value) for name, value in arrays.items()}


def _differing(a, b):
    return sorted(name for name in a | b if a.get(name) != b.get(name))

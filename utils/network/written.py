"""Networks in files: layers as JSON can hold them, and arrays.  No pickles."""

import json
import zipfile
import zlib
from dataclasses import fields

import numpy as np

from utils.network import specs
from utils.whole_files import require_numbers, whole_file

KINDS = {
    name: kind
    for name, kind in vars(specs).items()
    if isinstance(kind, type)
    and issubclass(kind, specs.Layer)
    and kind is not specs.Layer
}


def to_plain(layers):
    """Write layers as lists and dictionaries that JSON can hold."""
    plain = []
    for layer in layers:
        values = {field.name: getattr(layer, field.name) for field in fields(layer)}
        if isinstance(layer, specs.Residual):
            values["layers"] = to_plain(layer.layers)
        plain.append([type(layer).__name__, values])
    return plain


def from_plain(plain):
    """Read what `to_plain` wrote."""
    layers = []
    for name, values in plain:
        if name not in KINDS:
            known = ", ".join(KINDS)
            raise ValueError(f"There is no layer {name!r}, expected {known}.")
        if name == "Residual":
            values = {"layers": from_plain(values["layers"])}
        layers.append(KINDS[name](**values))
    return layers


def write(path, about, arrays, dtype=None):
    """Write a file that takes its name only when it is complete.

    Parameters
    ----------
    path : str or Path
    about : dict
        What JSON can hold, ``layers`` among it.
    arrays : dict
        Name -> array.
    dtype : numpy dtype, optional
        What arrays are converted to.

    Raises
    ------
    TypeError, ValueError
        If an array would be no array of numbers, or not hold a number.
    """
    if dtype is not None:
        with np.errstate(over="ignore"):
            small = {name: array.astype(dtype) for name, array in arrays.items()}
        require_numbers(small)
        for name, array in small.items():
            if not np.isfinite(array).all() and np.isfinite(arrays[name]).all():
                largest = np.abs(arrays[name]).max()
                raise ValueError(
                    f"{name} has the number {largest:g}, which {np.dtype(dtype)} "
                    f"cannot hold: save without dtype."
                )
        arrays = small
    require_numbers(arrays)
    with whole_file(path) as file:
        np.savez(file, about=json.dumps(about), **arrays)


def read(path):
    """Read what `write` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    layers : list of Layer
    about : dict
        The rest of ``about``: arguments of `ConvNet`.
    arrays : dict

    Raises
    ------
    ValueError
        If the file is damaged or not one of ours.
    """
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            if "about" not in file:
                raise ValueError("it has no entry 'about'")
            about = json.loads(str(file["about"]))
            arrays = {name: file[name] for name in file.files if name != "about"}
            layers = from_plain(about.pop("layers"))
            known = {"input_shape", "label_smoothing", "ghost"}
            about = {name: about[name] for name in known}
            return layers, about, arrays
    except OSError:
        raise
    except (
        AttributeError,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        # NumPy advises to unpickle what it cannot read; we do not pass that on.
        why = "it is no .npz file" if "pickle" in str(error) else error
        raise ValueError(f"{path} holds no network: {why}.") from None

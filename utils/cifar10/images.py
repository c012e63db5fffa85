"""Pictures kept as uint8 and handed out as normalised float32 batches."""

import numpy as np


class Images:
    """Pictures that stay uint8 and become float32 batches when indexed.

    The 60,000 pictures take 184 MB this way instead of 737 MB as float32.

    Indexing with one integer gives one picture of shape (3, 32, 32); a slice, an
    array of integers or a boolean mask gives a batch of shape (N, 3, 32, 32).  Both
    are new C-contiguous float32 arrays, ``(pixels - mean) / std``.  ``np.asarray``
    turns all pictures into one such array.

    Parameters
    ----------
    pixels : ndarray of shape (N, 3, 32, 32)
        The pictures, uint8, channels red, green, blue.
    mean, std : ndarray
        Subtracted from every picture, and what the difference is divided by;
        float32, of a shape that broadcasts to (3, 32, 32).

    Examples
    --------
    >>> pixels = np.full((2, 3, 32, 32), 7, np.uint8)
    >>> X = Images(pixels, mean=np.float32(5), std=np.float32(2))
    >>> X.shape, X[0].max(), X.raw(0).max()
    ((2, 3, 32, 32), np.float32(1.0), np.uint8(7))
    """

    dtype = np.dtype(np.float32)

    def __init__(self, pixels, mean, std):
        self._pixels = pixels.view()
        self._pixels.flags.writeable = False
        self._mean, self._std = mean, std
        self._scaled = bool(np.any(std != 1))

    @property
    def shape(self):
        """Shape of all pictures together, (N, 3, 32, 32)."""
        return self._pixels.shape

    @property
    def ndim(self):
        """Number of axes, 4."""
        return self._pixels.ndim

    def __len__(self):
        """Give the number of pictures."""
        return len(self._pixels)

    def __repr__(self):
        """Describe without printing pictures."""
        return f"Images(shape={self.shape}, dtype=float32, kept as uint8)"

    def raw(self, index):
        """Give the uint8 pixels 0..255 that `index` selects, read-only, channels first.

        Parameters
        ----------
        index : int, slice or ndarray
            Which pictures.

        Returns
        -------
        ndarray of shape (3, 32, 32) or (N, 3, 32, 32)
            For ``imshow``, move the channels last: ``X.raw(0).transpose(1, 2, 0)``.
        """
        if isinstance(index, tuple) or index is None or index is Ellipsis:
            raise IndexError(
                f"Images take one index that selects pictures, got {index!r}; index "
                "the batch that comes out for channels and pixels: X[0:8][:, 0]"
            )
        return self._pixels[index]

    def __getitem__(self, index):
        """Give the selected pictures, float32 and normalised."""
        pixels = self.raw(index)
        batch = np.empty(pixels.shape, np.float32)
        np.subtract(pixels, self._mean, out=batch)
        if self._scaled:
            batch /= self._std
        return batch

    def __array__(self, dtype=None, copy=None):
        """Give all pictures as one array."""
        if copy is False:
            raise ValueError("Images keep uint8: an array of them is always a copy")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)


def statistics(pixels, normalize):
    """Compute what `Images` subtract and divide by.

    The work goes in pieces, with integers: there is no float copy of everything.

    Parameters
    ----------
    pixels : ndarray of shape (N, 3, 32, 32)
        The training pictures, uint8.
    normalize : {"mean_image", "channels", None}
        Subtract the mean image; or subtract mean and divide by standard deviation
        of each channel; or leave the pixels as they are.

    Returns
    -------
    mean, std : ndarray of shape (3, 32, 32) or (3, 1, 1)
        float32, in grey levels.

    Raises
    ------
    ValueError
        If `normalize` is none of these.
    """
    if normalize not in ("mean_image", "channels", None):
        raise ValueError(
            f"normalize is {normalize!r}, expected 'mean_image', 'channels' or None"
        )
    mean, std = np.zeros((3, 1, 1)), np.ones((3, 1, 1))
    pieces = [pixels[start : start + 1000] for start in range(0, len(pixels), 1000)]
    if normalize == "mean_image":
        total = sum(piece.sum(axis=0, dtype=np.uint32) for piece in pieces)
        mean = total / len(pixels)  # (3, 32, 32)
        std = np.ones_like(mean)
    elif normalize == "channels":
        counts = np.zeros((3, 256))  # how often each channel has each value
        for piece in pieces:
            for c in range(3):
                counts[c] += np.bincount(piece[:, c].ravel(), minlength=256)
        share, value = counts / counts[0].sum(), np.arange(256)
        mean = (share @ value)[:, None, None]  # (3, 1, 1)
        std = np.sqrt(share @ value**2 - mean[:, 0, 0] ** 2)[:, None, None]
        std[std == 0] = 1  # a channel of one value only
    return mean.astype(np.float32), std.astype(np.float32)

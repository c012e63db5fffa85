"""CIFAR-10: find it, fetch it, verify it, load it; a stand-in where there is none.

=============== ==========================================================
`load.py`       which copy is used; the split; the command line
`files.py`      folders, archives read in memory, installing
`format.py`     hashes, the python and the binary layout, safe unpickling
`images.py`     pictures kept as uint8 and handed out as float32
`download.py`   mirrors, resuming, the lock between two downloads
`synthetic.py`  ten drawn classes that need no data at all
=============== ==========================================================
"""

from utils.cifar10.format import CIFAR10Error
from utils.cifar10.images import Images
from utils.cifar10.load import SYNTHETIC_BANNER, find, load_cifar10, locate, main

__all__ = [
    "SYNTHETIC_BANNER",
    "CIFAR10Error",
    "Images",
    "find",
    "load_cifar10",
    "locate",
    "main",
]

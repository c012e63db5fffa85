"""What a network sees of its pictures: other views in each epoch, and smaller ones.

A network that meets each picture ten times should not meet the same numbers ten times.
`Augment` makes batches of views: shifted, mirrored, with a hole, in another light; all
of them normalised, and resized at last (small pictures cost less, so training starts
with them).  `predict_views` averages the scores of a few views of each test picture.
`whitening_filters` computes the first layer of a network from the pictures themselves.

Pictures come as `utils.cifar10.images.Images` or as uint8 arrays (N, 3, H, W), and stay
as they are.  Batches are float32 of shape (B, 3, size, size), *channels last in
memory*, which is how `utils.network` wants them: ``X.transpose(0, 2, 3, 1)`` is in C
order.

Every draw is a function of the seed, the epoch and the number of the picture alone: a
batch comes out the same wherever training was resumed, and in whatever order batches
are made.

`batches.py`    `Augment`: batches of random views
`views.py`      scores averaged over several views
`whitening.py`  a first layer from the pictures
`pictures.py`   what comes in and goes out, and its errors
"""

from utils.augment.batches import Augment
from utils.augment.pictures import MEAN, STD
from utils.augment.views import predict_views
from utils.augment.whitening import whitening_filters

__all__ = ["MEAN", "STD", "Augment", "predict_views", "whitening_filters"]
